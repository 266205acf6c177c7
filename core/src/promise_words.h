// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/plugin.h>

#include <string>
#include <vector>

namespace skymill {

/// What a stage type promises of its results, in sentences: what every stage does, and what this
/// one says in `promises()`. Promises that its ports give no occasion for are left out.
std::vector<std::string> promise_words(const StageType& type);

}  // namespace skymill
