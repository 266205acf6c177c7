// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/sky/transit.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace skymill::radio {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kSiderealRate = 1.00273790935 * 2 * kPi / 86400;  // rad/s
constexpr int kSteps = 4;  // each leaves less than 1e-4 of what the one before did

}  // namespace

std::optional<Transit> transit_near(double mjd_utc_s, const Direction& direction,
                                    const GeodeticPosition& site, const SkyFrames& frames) {
  Transit transit;
  transit.mjd_utc_s = mjd_utc_s;
  for (int step = 0; step < kSteps; ++step) {
    const Vector3 s = frames.at(transit.mjd_utc_s).apparent(direction);
    // West of the meridian it is past it.
    const double hour_angle = std::remainder(site.longitude_rad - std::atan2(s[1], s[0]), 2 * kPi);
    transit.mjd_utc_s -= hour_angle / kSiderealRate;
    transit.apparent_dec_rad = std::asin(std::clamp(s[2], -1.0, 1.0));
  }
  transit.elevation_rad = kPi / 2 - std::abs(site.latitude_rad - transit.apparent_dec_rad);
  if (transit.elevation_rad <= 0) return std::nullopt;
  return transit;
}

}  // namespace skymill::radio
