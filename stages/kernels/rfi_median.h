// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// A scatter of less than this share of the level is rounding and model, not noise.
inline constexpr float kLeastScatter = 1e-4F;

/// The upper median of values, which are reordered; there must be some.
inline float median_of(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace skymill::kernels
