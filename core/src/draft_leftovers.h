// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/tier.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill {

/// Removes the `.partial` drafts directly in a folder that a crash has left: those with a lock
/// file of ours beside them that no run holds. Other programs' `.partial` files have none.
/// @param only_look say what would be removed
/// @throws Error (input) when there is no such folder
std::vector<Leftover> clean_drafts(const std::string& folder, bool only_look);

/// Why a product is made anew of which there is a draft, when there is one: an earlier run was
/// ended before it was complete.
std::optional<std::string> left_unfinished(const std::string& product);

}  // namespace skymill
