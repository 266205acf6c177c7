// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <core/data_kind.h>
#include <stages/data/solutions.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace skymill::radio {

/// All that corrects an observation: the terms of g = K B G T in the order in which they were
/// solved. They belong together: a later one was solved with the earlier ones applied, so a stage
/// that solves one more hands all of them on (calibration.md 5.9).
struct Calibration {
  static constexpr DataKind kDataKind{"calibration", 1};

  std::vector<std::shared_ptr<const Solutions>> terms;

  /// Bytes held, for the memory budget.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& term : terms) sum += term->bytes();
    return sum;
  }
};

}  // namespace skymill::radio
