// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/statistics.h>

#include <algorithm>
#include <cmath>
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

std::vector<float> chosen_pixels(View<const float, 2> image, View<const float, 2> mask) {
  std::vector<float> values;
  values.reserve(mask.data() == nullptr ? image.size() : 0);
  for_each_pixel(image, mask,
                 [&](std::size_t, std::size_t, float value) { values.push_back(value); });
  return values;
}

/// Reorders its argument.
double median_of(std::vector<float>& values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  const auto upper = static_cast<double>(*middle);
  if (values.size() % 2 == 1) {
    return upper;
  }
  return 0.5 * (upper + static_cast<double>(*std::max_element(values.begin(), middle)));
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

double median(View<const float, 2> image, View<const float, 2> mask) {
  require_same_shape("median", image, mask);
  std::vector<float> values = chosen_pixels(image, mask);
  return median_of(values);
}

double mad_rms(View<const float, 2> image, View<const float, 2> mask) {
  require_same_shape("mad_rms", image, mask);
  std::vector<float> values = chosen_pixels(image, mask);
  const double centre = median_of(values);
  for (float& value : values) {
    value = static_cast<float>(std::abs(static_cast<double>(value) - centre));
  }
  return kMadToSigma * median_of(values);
}

}  // namespace skymill::kernels
