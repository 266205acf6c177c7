// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibrate/solve_params.h>
#include <stages/data/solutions.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <vector>

namespace skymill::radio {

/// How the samples of one data description fall into the cells of its unit, and where its solutions
/// stand.
struct DescriptionLayout {
  struct Hand {
    std::size_t correlation = 0;  ///< in the data
    std::size_t pol = 0;          ///< in the solutions
  };
  std::size_t first_frequency = 0;  ///< its solutions in `SolveLayout::frequencies`
  std::size_t frequencies = 0;      ///< number of them; 0: nothing of it was selected
  std::size_t unit = 0;
  std::size_t first_cell = 0;  ///< of its channels among the unit's frequencies
  std::size_t width = 1;       ///< channels that share a cell
  std::vector<Hand> hands;     ///< the parallel hands
};

/// Data descriptions that are solved together.
struct SolveUnit {
  std::vector<std::size_t> descriptions;
  std::size_t frequencies = 0;  ///< cells of a polarisation
  std::size_t pols = 0;         ///< that are summed apart: 1 for T
  std::vector<double> freq_hz;  ///< [cell]; K alone

  std::size_t cells() const { return frequencies * pols; }
};

/// The cells of an observation, but for time.
struct SolveLayout {
  std::size_t antennas = 0;
  std::vector<int> pols;                        ///< casacore codes, ascending
  std::vector<SolutionChannels> frequencies;    ///< by data description, then channel
  std::vector<DescriptionLayout> descriptions;  ///< by data description
  std::vector<SolveUnit> units;

  std::size_t baselines() const { return antennas * (antennas - 1) / 2; }
};

/// @throws Error (input) when a data description has no parallel hands, or windows are too narrow
///         for delays
SolveLayout solve_layout(const ObservationHeader& header, const SolveParams& params);

}  // namespace skymill::radio
