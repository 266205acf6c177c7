// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/earth_time.h>
#include <stages/simulate/array_geometry.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
}  // namespace

std::vector<Antenna> spiral_array(std::size_t count, double radius_m, double diameter_m,
                                  const GeodeticPosition& site) {
  const double golden_rad = kPi * (3 - std::sqrt(5.0));
  const auto centre = geocentric_m(site);
  const double sin_lat = std::sin(site.latitude_rad), cos_lat = std::cos(site.latitude_rad);
  const double sin_lon = std::sin(site.longitude_rad), cos_lon = std::cos(site.longitude_rad);
  std::vector<Antenna> antennas(count);
  for (std::size_t k = 0; k < count; ++k) {
    const double share = (static_cast<double>(k) + 0.5) / static_cast<double>(count);
    const double radius = radius_m * std::pow(share, 0.8);
    const double angle = golden_rad * static_cast<double>(k);
    const double east = radius * std::sin(angle);
    const double north = radius * std::cos(angle);
    Antenna& antenna = antennas[k];
    antenna.name = "A" + std::to_string(k + 1);
    antenna.station = antenna.name;
    antenna.diameter_m = diameter_m;
    antenna.position_m = {centre[0] - east * sin_lon - north * sin_lat * cos_lon,
                          centre[1] + east * cos_lon - north * sin_lat * sin_lon,
                          centre[2] + north * cos_lat};
  }
  return antennas;
}

double local_sidereal_rad(double mjd_utc_s, double longitude_rad) {
  const double days = mjd_utc_s / 86400 + 2400000.5 - 2451545.0;
  const double turns = 0.7790572732640 + 0.00273781191135448 * days + std::fmod(days, 1.0);
  return std::fmod(2 * kPi * turns + longitude_rad, 2 * kPi);
}

std::array<double, 3> antenna_uvw_m(const std::array<double, 3>& itrf_m, double longitude_rad,
                                    double hour_angle_rad, double dec_rad) {
  // Axes of the local meridian: x to the equator, y to the east, z to the pole.
  const double x =
      itrf_m[0] * std::cos(longitude_rad) + itrf_m[1] * std::sin(longitude_rad);
  const double y =
      -itrf_m[0] * std::sin(longitude_rad) + itrf_m[1] * std::cos(longitude_rad);
  const double z = itrf_m[2];
  const double sin_h = std::sin(hour_angle_rad), cos_h = std::cos(hour_angle_rad);
  const double sin_d = std::sin(dec_rad), cos_d = std::cos(dec_rad);
  return {sin_h * x + cos_h * y, -sin_d * cos_h * x + sin_d * sin_h * y + cos_d * z,
          cos_d * cos_h * x - cos_d * sin_h * y + sin_d * z};
}

}  // namespace skymill::radio
