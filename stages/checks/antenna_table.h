// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <string>

namespace skymill::radio {

/// Reads a table of stations such as DSA110_Station_Coordinates.csv (dsa110.md 1.2): decoration, a
/// line with the names `Station Number`, `Latitude`, `Longitude`, `Elevation (meters)`, then rows
/// such as `DSA-001,37.2333752,-118.2856408,1182.6`, in degrees of WGS84 and metres.
///
/// The name of an antenna is the number after the dash, `1`. A row without an elevation gets
/// 1182.6 m; rows without a number, such as 200E, are left out.
/// @return geocentric ITRF positions by name, metres
/// @throws Error(input) naming file and line
std::map<std::string, std::array<double, 3>> read_antenna_table(const std::string& path);

}  // namespace skymill::radio
