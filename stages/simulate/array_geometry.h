// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <array>
#include <cstddef>
#include <vector>

namespace skymill::radio {

/// A spiral of antennas with a dense centre: the k-th stands at the golden angle from the one
/// before, so that no two baselines are alike. Positions are geocentric ITRF.
std::vector<Antenna> spiral_array(std::size_t count, double radius_m, double diameter_m,
                                  const GeodeticPosition& site);

/// Local sidereal time as an angle, from the Earth rotation angle (IERS Conventions 2010, 5.15);
/// UT1 is taken to be UTC and precession is left out: the simulated sky knows neither.
double local_sidereal_rad(double mjd_utc_s, double longitude_rad);

/// uvw of an antenna position for a direction at an hour angle and declination, metres; a
/// baseline's uvw is the difference of two. u to the east, v to the north, w to the source.
std::array<double, 3> antenna_uvw_m(const std::array<double, 3>& itrf_m, double longitude_rad,
                                    double hour_angle_rad, double dec_rad);

}  // namespace skymill::radio
