// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: loops over pixels of minor cycles, for several instruction sets.
#pragma once

#include <cstddef>

namespace skymill::kernels {

/// Largest |r| of n pixels; 0 where nothing is a number. The comparison drops NaN.
float largest_pixel(const float* r, std::size_t n);

/// The least and the greatest of n pixels and 0. NaN is passed over.
struct PixelRange {
  float least = 0;
  float greatest = 0;
};
PixelRange range_of_pixels(const float* r, std::size_t n);

/// r -= flux * p for n pixels, in two roundings; returns the largest |r| after it.
float subtract_pixels(float* r, const float* p, std::size_t n, float flux);

namespace pixel_loops_baseline {
float largest(const float*, std::size_t);
PixelRange range(const float*, std::size_t);
float subtract(float*, const float*, std::size_t, float);
}  // namespace pixel_loops_baseline
namespace pixel_loops_avx2 {
float largest(const float*, std::size_t);
PixelRange range(const float*, std::size_t);
float subtract(float*, const float*, std::size_t, float);
}  // namespace pixel_loops_avx2
namespace pixel_loops_avx512 {
float largest(const float*, std::size_t);
PixelRange range(const float*, std::size_t);
float subtract(float*, const float*, std::size_t, float);
}  // namespace pixel_loops_avx512

}  // namespace skymill::kernels
