// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// How the samples of one data description fall into solution cells.
struct DescriptionLayout {
  struct Hand {
    std::size_t correlation = 0;  ///< in the data
    std::size_t pol = 0;          ///< in the solutions
  };
  std::size_t first_frequency = 0;           ///< its cells in `SolveLayout::frequencies`
  std::size_t frequencies = 0;               ///< number of them
  std::vector<std::size_t> cell_of_channel;  ///< [channel] counted from the first
  std::vector<Hand> hands;                   ///< the parallel hands
};

/// The cells of an observation, but for time.
struct SolveLayout {
  std::size_t antennas = 0;
  std::vector<int> pols;                        ///< casacore codes, ascending
  std::vector<SolutionChannels> frequencies;    ///< by data description, then channel
  std::vector<DescriptionLayout> descriptions;  ///< by data description

  std::size_t baselines() const { return antennas * (antennas - 1) / 2; }
};

/// @param per  "channel", or "spw" for one cell a data description
/// @throws Error (input) when a data description has no parallel hands
SolveLayout solve_layout(const ObservationHeader& header, const std::string& per);

}  // namespace skymill::radio
