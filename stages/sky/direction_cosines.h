// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

namespace skymill::radio {

/// Direction cosines of a place relative to a phase centre (SIN projection), l to the east.
struct DirectionCosines {
  double l = 0;
  double m = 0;
  double n_minus_1 = 0;  ///< kept as a difference: near the centre n alone loses digits
};

DirectionCosines direction_cosines(double ra_rad, double dec_rad, const Direction& centre);

/// Angle between two directions of one frame, right to the last digits also when it is small.
double separation_rad(const Direction& a, const Direction& b);

}  // namespace skymill::radio
