// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// All antennas in the order in which they may be the reference: first those asked for, then by
/// health, the fraction of their data that is good times how many solutions they have, less where
/// their SNR is below half of the array's, and of those with 90 % of the best by nearness to the
/// array's middle (calibration.md 5.3). An antenna whose SNR noise alone would reach comes last,
/// even when it is asked for.
/// @param good_data  [antenna] fraction of samples, or empty
std::vector<std::size_t> reference_order(const Solutions& solutions,
                                         const std::vector<std::string>& asked,
                                         const std::vector<double>& good_data = {});

/// What becomes of a group of solutions in which the reference antenna has none.
enum class MissingReference {
  kFollow,  ///< another antenna keeps the phase that it had in the interval beside ("flex")
  kFlag,    ///< all are flagged ("strict")
};

struct PhaseBreaks {
  std::size_t broken = 0;   ///< how often no antenna could carry phases to the next interval
  std::size_t flagged = 0;  ///< solutions, for want of the reference antenna
};

/// Turns phases (or shifts delays) so that the reference antenna has phase 0 (delay 0) in every
/// interval, for each frequency and polarisation on its own; `refant` says which antenna it is
/// where the first in the order has no solution (calibration.md 5.3).
PhaseBreaks reference_phases(const std::vector<std::size_t>& order, Solutions& solutions,
                             MissingReference missing = MissingReference::kFollow);

}  // namespace skymill::radio
