// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/exact_median.h>
#include <stages/kernels/pixel_loops.h>
#include <stages/kernels/statistics.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

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

/// Writes n pixels, NaN where the mask leaves them out; m may be null.
void copy_pixels(const float* v, std::ptrdiff_t step, const float* m, std::ptrdiff_t mask_step,
                 std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto k = static_cast<std::ptrdiff_t>(i);
    const bool counts = m == nullptr || m[k * mask_step] > 0.5F;
    out[i] = counts ? v[k * step] : std::numeric_limits<float>::quiet_NaN();
  }
}

/// The pixels that count: any stretch of the plane in order of rows.
auto pixels_that_count(View<const float, 2> image, View<const float, 2> mask) {
  return FilledPixels(image.size(), [=](std::size_t first, std::size_t n, float* out) {
    const std::size_t nx = image.extent(1);
    for (std::size_t done = 0; done < n;) {
      const std::size_t y = (first + done) / nx;
      const std::size_t x = (first + done) % nx;
      const std::size_t part = std::min(n - done, nx - x);
      const float* m = mask.data() == nullptr ? nullptr : &mask(y, x);
      copy_pixels(&image(y, x), image.stride(1), m, mask.stride(1), part, out + done);
      done += part;
    }
  });
}

/// Calls use(pixels) for the pixels that count, where they lie if that can be.
template <class Use>
auto with_pixels(View<const float, 2> image, View<const float, 2> mask, const Use& use) {
  if (mask.data() == nullptr && image.stride(1) == 1) {
    const PixelRuns everywhere = masked_runs({}, image.shape());
    return use(PixelsOfRuns(image, everywhere));
  }
  return use(pixels_that_count(image, mask));
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
  return with_pixels(image, mask,
                     [](const auto& pixels) { return exact_median(pixels, sampled(pixels)); });
}

double mad_rms(View<const float, 2> image, View<const float, 2> mask) {
  return median_and_deviation(image, mask).mad_rms;
}

MedianAndDeviation median_and_deviation(View<const float, 2> image, View<const float, 2> mask) {
  require_same_shape("median_and_deviation", image, mask);
  return with_pixels(image, mask, [](const auto& pixels) {
    const std::vector<float> sample = sampled(pixels);
    const double centre = exact_median(pixels, sample);
    return MedianAndDeviation{centre, kMadToSigma * exact_deviation(pixels, sample, centre)};
  });
}

}  // namespace skymill::kernels
