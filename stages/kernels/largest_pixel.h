// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the .cpp files of this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace skymill::kernels {

/// Largest |r| of n pixels; 0 where nothing is a number. The comparison drops NaN.
inline float largest_pixel(const float* r, std::size_t n) {
  constexpr std::size_t kLanes = 16;
  std::array<float, kLanes> lane{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const float a = std::abs(r[i + k]);
      lane[k] = a > lane[k] ? a : lane[k];
    }
  }
  for (; i < n; ++i) {
    const float a = std::abs(r[i]);
    lane[0] = a > lane[0] ? a : lane[0];
  }
  return n < kLanes ? lane[0] : *std::max_element(lane.begin(), lane.end());
}

}  // namespace skymill::kernels
