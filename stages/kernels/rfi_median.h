// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder.
#pragma once

#include <stages/kernels/rfi_loops.h>

#include <vector>

namespace skymill::kernels {

/// A scatter of less than this share of the level is rounding and model, not noise.
inline constexpr float kLeastScatter = 1e-4F;

/// The upper median of values that are not negative; there must be some.
inline float median_of(const std::vector<float>& values) {
  return value_at_rank(values.data(), values.size(), values.size() / 2);
}

}  // namespace skymill::kernels
