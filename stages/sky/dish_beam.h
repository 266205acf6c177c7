// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <functional>
#include <optional>
#include <string>

namespace skymill::radio {

/// The power pattern of a telescope's dishes, as tclean has it (imaging.md 2.10) where it has one.
struct DishBeam {
  std::function<double(double arcmin_ghz)> power;  ///< 1 on the axis
  double reach_arcmin_ghz = 0;                     ///< nothing beyond
  std::string words;                               ///< which it is and why, for log and history
};

/// ALMA's 12-m and 7-m antennas and the VLA have beams of their own; the DSA-110's dishes are
/// evenly lit and not blocked (dsa110.md 1.8), which tclean does not know; of any other telescope
/// an Airy pattern of the diameter that most of its antennas give, else of the published one.
/// Nothing when neither is known.
std::optional<DishBeam> dish_beam(const ObservationHeader& header);

}  // namespace skymill::radio
