// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "plan.h"

namespace skymill {

/// Which passes of a plan must have ended before another one begins.
class PassOrder {
 public:
  explicit PassOrder(const Plan& plan);

  /// Passes that give the pass a result or a side input, or that `after` names.
  const std::set<std::size_t>& needs(std::size_t pass) const { return needs_[pass]; }
  /// The same with what those need, and so on.
  std::set<std::size_t> all_needs(std::size_t pass) const;

 private:
  std::vector<std::set<std::size_t>> needs_;
};

/// Whether two planned passes must not go on at the same time although neither needs the other: one
/// makes a file or folder that the other makes or reads, or both read the same folder, as tables
/// are, and not from one lane.
bool are_in_each_others_way(const Plan& plan, const Segment& one, const Segment& other);

}  // namespace skymill
