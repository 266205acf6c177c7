// SPDX-License-Identifier: GPL-3.0-or-later
#include "preview_colour.h"

#include "preview_axis.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace skymill::radio {
namespace {

/// At equal distances.
constexpr std::array<Rgb, 8> kColours{{{0.075, 0.035, 0.180},
                                       {0.165, 0.125, 0.400},
                                       {0.165, 0.265, 0.530},
                                       {0.110, 0.410, 0.560},
                                       {0.105, 0.555, 0.535},
                                       {0.330, 0.700, 0.420},
                                       {0.675, 0.820, 0.290},
                                       {0.995, 0.945, 0.455}}};

/// More pixels tell no more about the noise.
constexpr std::size_t kMostSamples = std::size_t{1} << 22;

double median_of(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Rgb map_colour(double fraction) {
  const double at = std::clamp(fraction, 0.0, 1.0) * (kColours.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(at), kColours.size() - 2);
  const double t = at - static_cast<double>(i);
  const Rgb& a = kColours[i];
  const Rgb& b = kColours[i + 1];
  return {a.red + t * (b.red - a.red), a.green + t * (b.green - a.green),
          a.blue + t * (b.blue - a.blue)};
}

PixelSummary summarise(const std::vector<float>& pixels) {
  PixelSummary summary;
  std::vector<float> samples;
  const std::size_t step = pixels.size() / kMostSamples + 1;
  samples.reserve(pixels.size() / step + 1);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double value = pixels[i];
    if (!std::isfinite(value)) continue;
    summary.minimum = summary.any ? std::min(summary.minimum, value) : value;
    summary.maximum = summary.any ? std::max(summary.maximum, value) : value;
    summary.any = true;
    if (i % step == 0) samples.push_back(pixels[i]);
  }
  if (samples.empty()) return summary;
  summary.median = median_of(samples);
  for (float& value : samples) value = std::abs(value - static_cast<float>(summary.median));
  summary.sigma = 1.4826 * median_of(samples);
  return summary;
}

Stretch::Stretch(const PixelSummary& summary) {
  if (!summary.any) return;
  constexpr double kLowestSigmas = 5;
  constexpr double kLinearSigmas = 3;
  low_ = std::max(summary.minimum, summary.median - kLowestSigmas * summary.sigma);
  if (summary.sigma == 0) low_ = summary.minimum;
  high_ = summary.maximum;
  if (!(high_ > low_)) {
    const double margin = high_ == 0 ? 1 : std::abs(high_) / 2;
    low_ -= margin;
    high_ += margin;
  }
  // A plane without noise, such as a model, still gets a scale that shows weak components.
  constexpr double kNoiseless = 100;
  linear_ = summary.sigma > 0 ? kLinearSigmas * summary.sigma : (high_ - low_) / kNoiseless;
}

double Stretch::fraction(double value) const {
  const double a = std::asinh(low_ / linear_);
  const double b = std::asinh(high_ / linear_);
  return (std::asinh(value / linear_) - a) / (b - a);
}

std::vector<double> Stretch::ticks(double spacing) const {
  constexpr double kNearlyLinear = 12;
  const double largest = std::max(std::abs(low_), std::abs(high_));
  std::vector<double> candidates{0};
  if (low_ > 0 || high_ < 0 || largest < kNearlyLinear * linear_) {
    candidates = round_ticks(low_, high_, 8);
  } else {
    // Roundest first: they win the room on the bar.
    for (const double digit : {1.0, 5.0, 2.0, 3.0}) {
      const int top = static_cast<int>(std::floor(std::log10(largest)));
      for (int power = top; power >= top - 8; --power) {
        candidates.push_back(digit * std::pow(10.0, power));
        candidates.push_back(-digit * std::pow(10.0, power));
      }
    }
  }
  std::vector<double> kept;
  for (const double value : candidates) {
    if (value < low_ || value > high_) continue;
    const bool crowded = std::any_of(kept.begin(), kept.end(), [&](double other) {
      return std::abs(fraction(other) - fraction(value)) < spacing;
    });
    if (!crowded) kept.push_back(value);
  }
  return kept;
}

}  // namespace skymill::radio
