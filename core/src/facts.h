// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan.h"

namespace skymill {

/// All that a product depends on, by name: `parameter image.niter` is `100`.
using Facts = std::map<std::string, std::string>;

/// What the products of a planned stage depend on: its parameters and those of the stages above it,
/// without the ones that have no influence on results, their versions and the inputs they read.
Facts facts_of(const Plan& plan, std::size_t stage);

/// In words, each difference of `now` from `before`; empty when they are the same.
std::vector<std::string> changes(const Facts& before, const Facts& now);

/// What tells a file or folder from a later state of it: its bytes and when it was changed last.
/// In a folder lock files do not count, which readers change too. `missing` when there is none.
std::string identity_of(const std::string& path);

}  // namespace skymill
