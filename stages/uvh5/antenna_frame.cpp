// SPDX-License-Identifier: GPL-3.0-or-later
// Some old files have antenna positions in axes that are turned to the meridian of the telescope
// (x in it, y to the east), as Miriad has them, where the format wants ITRF. Drift files give it
// away: their uvw are east, north and up.
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>

#include <algorithm>
#include <cmath>

#include "header_parts.h"

namespace skymill::radio {

namespace {

constexpr double kSameMetres = 0.1;

std::vector<Antenna> turned(const std::vector<Antenna>& antennas,
                            const GeodeticPosition& position) {
  const auto centre = geocentric_m(position);
  const double cos_lon = std::cos(position.longitude_rad);
  const double sin_lon = std::sin(position.longitude_rad);
  std::vector<Antenna> result = antennas;
  for (Antenna& antenna : result) {
    const double x = antenna.position_m[0] - centre[0], y = antenna.position_m[1] - centre[1];
    antenna.position_m[0] = centre[0] + cos_lon * x - sin_lon * y;
    antenna.position_m[1] = centre[1] + sin_lon * x + cos_lon * y;
  }
  return result;
}

/// Largest difference of the rows' uvw from east, north and up of the baselines, metres.
double worst_m(const std::vector<Antenna>& antennas, const GeodeticPosition& position,
               const Uvh5Rows& rows) {
  const auto enu = antenna_uvw_m(
      antennas, position, earth_fixed_axes(0, position.latitude_rad, position.longitude_rad));
  double worst = 0;
  for (std::size_t row = 0; row < rows.antenna1.size(); ++row) {
    const Vector3& from = enu[static_cast<std::size_t>(rows.antenna1[row])];
    const Vector3& to = enu[static_cast<std::size_t>(rows.antenna2[row])];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      worst = std::max(worst, std::abs(to[axis] - from[axis] - rows.uvw_m[3 * row + axis]));
    }
  }
  return worst;
}

}  // namespace

void turn_old_positions(Uvh5Header& header, const Uvh5Rows& rows) {
  if (header.phasing != Phasing::unprojected) return;
  if (worst_m(header.antennas, header.position, rows) < kSameMetres) return;
  auto other = turned(header.antennas, header.position);
  if (worst_m(other, header.position, rows) < kSameMetres) header.antennas = std::move(other);
}

}  // namespace skymill::radio
