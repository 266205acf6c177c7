// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

namespace skymill::radio {

/// A station of the DSA-110 (dsa110.md 1.1 and 1.2), WGS84.
struct Dsa110Station {
  int number = 0;  ///< from 1
  double latitude_deg = 0;
  double longitude_deg = 0;
  double elevation_m = 0;
  bool active = false;  ///< one of the 96 antennas in use
};

/// All 117 stations in order of their number.
std::vector<Dsa110Station> dsa110_stations();

}  // namespace skymill::radio
