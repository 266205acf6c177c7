// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/exact_median.h>
#include <stages/kernels/largest_pixel.h>
#include <stages/kernels/statistics.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace skymill::kernels {

namespace {

constexpr double kMadToSigma = 1.4826;  // of a Gaussian

void require_same_shape(const char* where, View<const float, 2> image, View<const float, 2> mask) {
  if (mask.data() != nullptr && mask.shape() != image.shape()) {
    throw std::invalid_argument(
        std::string(where) + ": the mask is [" + std::to_string(mask.extent(0)) + "][" +
        std::to_string(mask.extent(1)) + "] but the image is [" + std::to_string(image.extent(0)) +
        "][" + std::to_string(image.extent(1)) + "]");
  }
}

template <class Visit>
void for_each_pixel(View<const float, 2> image, View<const float, 2> mask, const Visit& visit) {
  const bool masked = mask.data() != nullptr;
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (std::size_t x = 0; x < image.extent(1); ++x) {
      const float value = image(y, x);
      if (std::isfinite(value) && (!masked || mask(y, x) > 0.5F)) {
        visit(x, y, value);
      }
    }
  }
}

/// Writes change(v[i]) for n pixels, NaN where a pixel is not finite or masked; m may be null.
template <class Step, class Change>
void copy_pixels(const float* v, Step step, const float* m, Step mask_step, std::size_t n,
                 const Change& change, float* out) {
  constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
  constexpr float kLargest = std::numeric_limits<float>::max();
  if (m == nullptr) {
    for (std::size_t i = 0; i < n; ++i) {
      const float value = v[static_cast<std::ptrdiff_t>(i) * step];
      const float changed = change(value);
      out[i] = std::abs(value) <= kLargest ? changed : kNothing;
    }
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const float value = v[static_cast<std::ptrdiff_t>(i) * step];
    const float changed = change(value);
    const bool counts =
        (std::abs(value) <= kLargest) & (m[static_cast<std::ptrdiff_t>(i) * mask_step] > 0.5F);
    out[i] = counts ? changed : kNothing;
  }
}

/// The pixels that count as exact_median wants them: any stretch of the plane in order of rows.
template <class Change>
auto pixels_that_count(View<const float, 2> image, View<const float, 2> mask,
                       const Change& change) {
  return [=](std::size_t first, std::size_t n, float* out) {
    using One = std::integral_constant<std::ptrdiff_t, 1>;
    const std::size_t nx = image.extent(1);
    const bool dense = image.stride(1) == 1 && (mask.data() == nullptr || mask.stride(1) == 1);
    for (std::size_t done = 0; done < n;) {
      const std::size_t y = (first + done) / nx;
      const std::size_t x = (first + done) % nx;
      const std::size_t part = std::min(n - done, nx - x);
      const float* m = mask.data() == nullptr ? nullptr : &mask(y, x);
      if (dense) {
        copy_pixels(&image(y, x), One{}, m, One{}, part, change, out + done);
      } else {
        copy_pixels(&image(y, x), image.stride(1), m, mask.stride(1), part, change, out + done);
      }
      done += part;
    }
  };
}

double median_of_pixels(View<const float, 2> image, View<const float, 2> mask) {
  const auto same = [](float value) { return value; };
  return exact_median(image.size(), pixels_that_count(image, mask, same));
}

double deviation_of_pixels(View<const float, 2> image, View<const float, 2> mask, double centre) {
  const auto distance = [centre](float value) {
    return static_cast<float>(std::abs(static_cast<double>(value) - centre));
  };
  return kMadToSigma * exact_median(image.size(), pixels_that_count(image, mask, distance));
}

}  // namespace

PlaneStatistics plane_statistics(View<const float, 2> image, View<const float, 2> mask) {
  require_same_shape("plane_statistics", image, mask);
  PlaneStatistics result;
  double sum_of_squares = 0;
  for_each_pixel(image, mask, [&](std::size_t x, std::size_t y, float pixel) {
    const auto value = static_cast<double>(pixel);
    if (result.count == 0 || value < result.min) {
      result.min = value;
      result.min_x = x;
      result.min_y = y;
    }
    if (result.count == 0 || value > result.max) {
      result.max = value;
      result.max_x = x;
      result.max_y = y;
    }
    ++result.count;
    result.sum += value;
    sum_of_squares += value * value;
  });
  if (result.count > 0) {
    const auto count = static_cast<double>(result.count);
    result.max_abs = std::max(std::abs(result.min), std::abs(result.max));
    result.mean = result.sum / count;
    result.rms = std::sqrt(sum_of_squares / count);
  }
  return result;
}

float max_abs(View<const float, 2> image) { return max_abs(image, masked_runs({}, image.shape())); }

float max_abs(View<const float, 2> image, const PixelRuns& runs) {
  float largest = 0;
  for (const PixelRun& run : runs) {
    largest = std::max(largest, largest_pixel(&image(run.y, run.first), run.end - run.first));
  }
  return largest;
}

double median(View<const float, 2> image, View<const float, 2> mask) {
  require_same_shape("median", image, mask);
  return median_of_pixels(image, mask);
}

double mad_rms(View<const float, 2> image, View<const float, 2> mask) {
  return median_and_deviation(image, mask).mad_rms;
}

MedianAndDeviation median_and_deviation(View<const float, 2> image, View<const float, 2> mask) {
  require_same_shape("median_and_deviation", image, mask);
  const double centre = median_of_pixels(image, mask);
  return {centre, deviation_of_pixels(image, mask, centre)};
}

}  // namespace skymill::kernels
