// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/point_source.h>
#include <stages/simulate/antenna_gains.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio {

class Dsa110Simulation;

/// The truth beside a simulation: JSON with phase centre, reference frequency, sources and, where
/// there are any, gains of the antennas.
/// @param dsa110  adds its beam, receivers, interference and unit, as far as there are any; may be
///                null
std::string truth_json(const std::vector<PointSource>& sources, const Direction& phase_centre,
                       double reference_hz, const std::vector<AntennaGain>& gains, std::size_t seed,
                       const Dsa110Simulation* dsa110);

}  // namespace skymill::radio
