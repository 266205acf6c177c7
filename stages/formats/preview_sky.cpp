// SPDX-License-Identifier: GPL-3.0-or-later
#include "preview_sky.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace skymill::radio {
namespace {

constexpr double kDegPerRad = 180 / M_PI;
constexpr int kEdgeSamples = 512;
constexpr long long kTurnSeconds = 86400;  ///< seconds of time in 24 h

/// The sexagesimal part of the steps; below them come 1, 2, 5 × 10^n.
constexpr std::array<double, 13> kTimeSteps{10,   20,   30,   60,   120,   300,  600,
                                            1200, 1800, 3600, 7200, 10800, 21600};
constexpr std::array<double, 16> kArcSteps{10,   20,   30,   60,    120,   300,   600,    1200,
                                           1800, 3600, 7200, 18000, 36000, 54000, 108000, 162000};

std::vector<double> steps_of(SkyCoordinate coordinate) {
  std::vector<double> steps;
  for (int power = -6; power <= 0; ++power) {
    for (const double digit : {1.0, 2.0, 5.0}) steps.push_back(digit * std::pow(10.0, power));
  }
  if (coordinate == SkyCoordinate::right_ascension) {
    steps.insert(steps.end(), kTimeSteps.begin(), kTimeSteps.end());
  } else {
    steps.insert(steps.end(), kArcSteps.begin(), kArcSteps.end());
  }
  return steps;
}

/// The coordinate at one place of the edge, in seconds of time or arc; NaN where there is no sky.
double coordinate_at(const SkyProjection& projection, SkyCoordinate coordinate,
                     const PixelEdge& edge, double along) {
  const auto sky = projection.sky(edge.from[0] + along * (edge.to[0] - edge.from[0]),
                                  edge.from[1] + along * (edge.to[1] - edge.from[1]));
  if (!sky) return std::nan("");
  if (coordinate == SkyCoordinate::declination) return sky->dec_rad * kDegPerRad * 3600;
  return (projection.reference_ra_rad() + sky->ra_offset_rad) * kDegPerRad * 240;
}

std::string digits(long long value, int width) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*lld", width, value);
  return text.data();
}

/// Fields down to the one that the step changes: hours or degrees, minutes, seconds with decimals.
Label sexagesimal_label(double seconds, double step, SkyCoordinate coordinate) {
  const bool time = coordinate == SkyCoordinate::right_ascension;
  const int decimals =
      step < 1 ? std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-6)), 1, 9) : 0;
  long long unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  // Whole units of the last decimal: 59.99 cannot become 60.
  long long total = std::llround(seconds * static_cast<double>(unit));
  Label label;
  std::string sign;
  if (time) {
    const long long turn = kTurnSeconds * unit;
    total = ((total % turn) + turn) % turn;
  } else {
    sign = total < 0 ? "\u2212" : "+";
    total = std::abs(total);
  }
  label.push_back({sign + digits(total / (3600 * unit), 2), false});
  label.push_back(time ? LabelPart{"h", true} : LabelPart{"\u00b0", false});
  if (std::fmod(step, 3600) == 0) return label;
  label.push_back({digits(total / (60 * unit) % 60, 2), false});
  label.push_back(time ? LabelPart{"m", true} : LabelPart{"\u2032", false});
  if (std::fmod(step, 60) == 0) return label;
  std::string last = digits(total / unit % 60, 2);
  if (decimals > 0) last += "." + digits(total % unit, decimals);
  label.push_back({last, false});
  label.push_back(time ? LabelPart{"s", true} : LabelPart{"\u2033", false});
  return label;
}

}  // namespace

SkyProjection::SkyProjection(const PreviewInput& input)
    : ra_rad_(input.header.phase_centre.ra_rad),
      sin_dec_(std::sin(input.header.phase_centre.dec_rad)),
      cos_dec_(std::cos(input.header.phase_centre.dec_rad)),
      cell_x_rad_(input.header.cell_x_rad),
      cell_y_rad_(input.header.cell_y_rad),
      reference_(input.reference_pixel.value_or(std::array<double, 2>{
          static_cast<double>(input.header.nx / 2), static_cast<double>(input.header.ny / 2)})) {}

std::optional<SkyProjection::Sky> SkyProjection::sky(double x, double y) const {
  const double l = (x - reference_[0]) * cell_x_rad_;
  const double m = (y - reference_[1]) * cell_y_rad_;
  const double square = l * l + m * m;
  if (!(square <= 1)) return std::nullopt;
  const double n = std::sqrt(1 - square);
  return Sky{std::atan2(l, n * cos_dec_ - m * sin_dec_),
             std::asin(std::clamp(m * cos_dec_ + n * sin_dec_, -1.0, 1.0))};
}

std::optional<std::array<double, 2>> SkyProjection::pixel(double ra_rad, double dec_rad) const {
  const double turn = ra_rad - ra_rad_;
  const double n = std::sin(dec_rad) * sin_dec_ + std::cos(dec_rad) * cos_dec_ * std::cos(turn);
  if (!(n > 0)) return std::nullopt;
  const double l = std::cos(dec_rad) * std::sin(turn);
  const double m = std::sin(dec_rad) * cos_dec_ - std::cos(dec_rad) * sin_dec_ * std::cos(turn);
  return std::array<double, 2>{reference_[0] + l / cell_x_rad_, reference_[1] + m / cell_y_rad_};
}

double sky_step(const SkyProjection& projection, SkyCoordinate coordinate, const PixelEdge& edge,
                int most) {
  double low = INFINITY;
  double high = -INFINITY;
  for (int i = 0; i <= kEdgeSamples; ++i) {
    const double value = coordinate_at(projection, coordinate, edge, double(i) / kEdgeSamples);
    if (std::isnan(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const std::vector<double> steps = steps_of(coordinate);
  for (const double step : steps) {
    if (std::floor(high / step) - std::ceil(low / step) + 1 <= most) return step;
  }
  return steps.back();
}

std::vector<SkyTick> sky_ticks(const SkyProjection& projection, SkyCoordinate coordinate,
                               const PixelEdge& edge, double step) {
  constexpr std::size_t kMost = 200;
  std::vector<SkyTick> ticks;
  double before = coordinate_at(projection, coordinate, edge, 0);
  for (int i = 1; i <= kEdgeSamples && ticks.size() < kMost; ++i) {
    const double here = coordinate_at(projection, coordinate, edge, double(i) / kEdgeSamples);
    const double low = std::min(before, here);
    const double high = std::max(before, here);
    // Half open, so that a tick on a sample counts once; a jump at the pole is no crossing.
    const bool jump = high - low > kTurnSeconds / 4.0 * 15;
    for (double k = std::floor(low / step) + 1; !jump && k * step <= high; ++k) {
      if (ticks.size() >= kMost) break;
      const double share = (k * step - before) / (here - before);
      ticks.push_back(
          {(i - 1 + share) / kEdgeSamples, sexagesimal_label(k * step, step, coordinate)});
    }
    before = here;
  }
  return ticks;
}

}  // namespace skymill::radio
