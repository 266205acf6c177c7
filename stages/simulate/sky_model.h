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

/// Sources strewn evenly over a disc, with fluxes even in their logarithm.
std::vector<PointSource> random_sources(std::size_t count, double radius_rad, double faintest_jy,
                                        double brightest_jy, std::uint64_t seed);

/// The truth beside a simulation: JSON with phase centre, reference frequency, sources and, where
/// there are any, gains of the antennas.
std::string truth_json(const std::vector<PointSource>& sources, const Direction& phase_centre,
                       double reference_hz, const std::vector<AntennaGain>& gains = {});

}  // namespace skymill::radio
