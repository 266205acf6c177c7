// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/sky_frame.h>
#include <stages/image/sky_pixel.h>

#include <cmath>

namespace skymill::radio {

std::optional<std::array<double, 2>> sky_pixel(const ImageHeader& image,
                                               const Direction& direction) {
  const bool same = direction.frame == image.phase_centre.frame;
  const Direction centre = same ? image.phase_centre : icrs(image.phase_centre);
  const Direction there = same ? direction : icrs(direction);
  const double turn = there.ra_rad - centre.ra_rad;
  const double sin_d = std::sin(there.dec_rad), cos_d = std::cos(there.dec_rad);
  const double sin_0 = std::sin(centre.dec_rad), cos_0 = std::cos(centre.dec_rad);
  if (sin_d * sin_0 + cos_d * cos_0 * std::cos(turn) <= 0) return std::nullopt;
  const double l = cos_d * std::sin(turn);
  const double m = sin_d * cos_0 - cos_d * sin_0 * std::cos(turn);
  return std::array<double, 2>{static_cast<double>(image.nx / 2) + l / image.cell_x_rad,
                               static_cast<double>(image.ny / 2) + m / image.cell_y_rad};
}

}  // namespace skymill::radio
