// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// All antennas in the order in which they may be the reference: first those asked for, then by
/// how many solutions they have, and of those with 90 % of the best by nearness to the array's
/// middle (calibration.md 5.3).
std::vector<std::size_t> reference_order(const Solutions& solutions,
                                         const std::vector<std::string>& asked);

/// Turns phases so that the reference antenna has phase 0 in every interval, for each frequency
/// and polarisation on its own. Where it has no solution, another antenna keeps the phase that it
/// had in the interval next to it; `refant` says which (calibration.md 5.3, "flex").
/// @return how often no antenna could carry the phase from one interval to the next
std::size_t reference_phases(const std::vector<std::size_t>& order, Solutions& solutions);

}  // namespace skymill::radio
