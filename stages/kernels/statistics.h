// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/view.h>

#include <cstddef>

namespace skymill::kernels {

/// Extremes and moments of the pixels that count; positions are of the first occurrence.
struct PlaneStatistics {
  std::size_t count = 0;  ///< finite pixels inside the mask; all else is 0 when this is 0
  double min = 0;
  double max = 0;
  double max_abs = 0;
  std::size_t min_x = 0, min_y = 0;
  std::size_t max_x = 0, max_y = 0;
  double sum = 0;
  double mean = 0;
  double rms = 0;  ///< sqrt(mean of squares)
};

/// Finite pixels of [y][x] where mask > 0.5 (an empty mask: everywhere). The shapes must agree.
PlaneStatistics plane_statistics(View<const float, 2> image, View<const float, 2> mask = {});

/// Largest |pixel|, of all pixels [y][x] or of those in the runs; NaN is passed over, an infinite
/// pixel is not. 0 when there is none.
float max_abs(View<const float, 2> image);
float max_abs(View<const float, 2> image, const PixelRuns& runs);

/// Median of the finite pixels in the mask; the mean of the middle two for an even count; 0 for
/// none. Exact, and without a copy of the image but in rare cases.
double median(View<const float, 2> image, View<const float, 2> mask = {});

/// 1.4826 * median of |pixel - median|: the standard deviation of Gaussian noise.
double mad_rms(View<const float, 2> image, View<const float, 2> mask = {});

struct MedianAndDeviation {
  double median = 0;
  double mad_rms = 0;
};

/// Both for less than the price of one after the other.
MedianAndDeviation median_and_deviation(View<const float, 2> image, View<const float, 2> mask = {});

}  // namespace skymill::kernels
