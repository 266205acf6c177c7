// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/primary_beam.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr std::size_t kSamples = 10000;
constexpr double kArcminPerRad = 60 * 180 / std::numbers::pi;
// The argument of the Bessel function, 7.016, is reached at 1.566 degrees from the axis of a dish
// of 24.5 m at 1 GHz.
constexpr double kArgument = 7.016;
constexpr double kArgumentDeg = 1.566;
constexpr double kArgumentDish = 24.5;

/// 2 J1(x) / x.
double jinc(double x) { return std::abs(x) < 1e-8 ? 1.0 : 2 * std::cyl_bessel_j(1.0, x) / x; }

}  // namespace

Dish alma_12m() { return {10.7, 0.75, 1.784}; }

Dish alma_7m() { return {6.25, 0.75, 3.568}; }

Dish plain_dish(double diameter_m) { return {diameter_m, 0.75 / 12 * diameter_m, 0}; }

double airy_voltage(const Dish& dish, double arcmin_ghz) {
  const double x =
      std::abs(arcmin_ghz) * kArgument / (kArgumentDeg * 60) * dish.diameter_m / kArgumentDish;
  if (dish.blockage_m == 0) return jinc(x);
  const double ratio = dish.diameter_m / dish.blockage_m;
  const double area_ratio = ratio * ratio;
  return (area_ratio * jinc(x) - jinc(x * ratio)) / (area_ratio - 1);
}

AiryBeam::AiryBeam(const Dish& dish) {
  if (!(dish.blockage_m >= 0) || !(dish.diameter_m > dish.blockage_m) ||
      !std::isfinite(dish.diameter_m) || !(dish.reach_deg_ghz >= 0)) {
    throw std::invalid_argument("airy_beam: a dish of " + std::to_string(dish.diameter_m) +
                                " m blocked by one of " + std::to_string(dish.blockage_m) +
                                " m, with a reach of " + std::to_string(dish.reach_deg_ghz) +
                                " deg GHz");
  }
  const Dish alma = alma_12m();
  const double reach_deg = dish.reach_deg_ghz > 0
                               ? dish.reach_deg_ghz
                               : alma.reach_deg_ghz * alma.diameter_m / dish.diameter_m;
  reach_arcmin_ghz_ = 60 * reach_deg;
  power_.reserve(kSamples);
  for (std::size_t k = 0; k < kSamples; ++k) {
    const double voltage = airy_voltage(
        dish, static_cast<double>(k) * reach_arcmin_ghz_ / static_cast<double>(kSamples - 1));
    power_.push_back(voltage * voltage);
  }
}

double AiryBeam::power(double arcmin_ghz) const {
  const double sample =
      std::abs(arcmin_ghz) * (static_cast<double>(kSamples - 1) / reach_arcmin_ghz_);
  return sample < static_cast<double>(kSamples) ? power_[static_cast<std::size_t>(sample)] : 0.0;
}

void AiryBeam::fill(double freq_hz, double cell_x_rad, double cell_y_rad, double centre_x,
                    double centre_y, View<float, 2> pb) const {
  const double scale = kArcminPerRad * freq_hz * 1e-9;
  for (std::size_t y = 0; y < pb.extent(0); ++y) {
    const double dy = (static_cast<double>(y) - centre_y) * cell_y_rad * scale;
    for (std::size_t x = 0; x < pb.extent(1); ++x) {
      const double dx = (static_cast<double>(x) - centre_x) * cell_x_rad * scale;
      pb(y, x) = static_cast<float>(power(std::sqrt(dx * dx + dy * dy)));
    }
  }
}

double vla_power(double arcmin_ghz) {
  if (!(std::abs(arcmin_ghz) < kVlaReach)) return 0;
  const double x = arcmin_ghz * arcmin_ghz;
  return std::max(0.0, 1 + x * (-1.300633e-3 + x * (6.480550e-7 - x * 1.267928e-10)));
}

bool pb_correct(View<const float, 2> image, View<const float, 2> pb, View<float, 2> out) {
  if (pb.shape() != image.shape() || out.shape() != image.shape()) {
    throw std::invalid_argument(
        "pb_correct: image, pb and result differ in shape: [" + std::to_string(image.extent(0)) +
        "][" + std::to_string(image.extent(1)) + "], [" + std::to_string(pb.extent(0)) + "][" +
        std::to_string(pb.extent(1)) + "], [" + std::to_string(out.extent(0)) + "][" +
        std::to_string(out.extent(1)) + "]");
  }
  bool any = false;
  for (std::size_t y = 0; y < pb.extent(0) && !any; ++y) {
    for (std::size_t x = 0; x < pb.extent(1); ++x) {
      any = any || pb(y, x) > 0;
    }
  }
  for (std::size_t y = 0; any && y < pb.extent(0); ++y) {
    for (std::size_t x = 0; x < pb.extent(1); ++x) {
      out(y, x) = pb(y, x) > 0 ? image(y, x) / pb(y, x) : 0.0F;
    }
  }
  return any;
}

}  // namespace skymill::kernels
