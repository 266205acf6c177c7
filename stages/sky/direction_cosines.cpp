// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/sky/direction_cosines.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

/// sin²(θ/2) of the angle between two directions, by the haversine formula.
double half_angle_sine_squared(const Direction& a, const Direction& b) {
  const double half_dec = std::sin((a.dec_rad - b.dec_rad) / 2);
  const double half_ra = std::sin((a.ra_rad - b.ra_rad) / 2);
  return half_dec * half_dec + std::cos(a.dec_rad) * std::cos(b.dec_rad) * half_ra * half_ra;
}

}  // namespace

DirectionCosines direction_cosines(double ra_rad, double dec_rad, const Direction& centre) {
  const double d_ra = ra_rad - centre.ra_rad;
  DirectionCosines place;
  place.l = std::cos(dec_rad) * std::sin(d_ra);
  place.m = std::sin(dec_rad) * std::cos(centre.dec_rad) -
            std::cos(dec_rad) * std::sin(centre.dec_rad) * std::cos(d_ra);
  // n - 1 = cos θ - 1 = -2 sin²(θ/2)
  place.n_minus_1 = -2 * half_angle_sine_squared({ra_rad, dec_rad, centre.frame}, centre);
  return place;
}

double separation_rad(const Direction& a, const Direction& b) {
  return 2 * std::asin(std::sqrt(std::clamp(half_angle_sine_squared(a, b), 0.0, 1.0)));
}

}  // namespace skymill::radio
