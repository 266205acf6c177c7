// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace skymill::radio {

/// Stands for what the solutions do not have.
inline constexpr std::size_t kNoSolution = std::numeric_limits<std::size_t>::max();

/// By antenna of the data its place in the solutions, found by name; `kNoSolution` for strangers.
/// @throws Error (input) when none is in common, or one of the same name stands more than a metre
///         apart: that is another array
std::vector<std::size_t> match_antennas(const Solutions& solutions,
                                        const ObservationHeader& header);

}  // namespace skymill::radio
