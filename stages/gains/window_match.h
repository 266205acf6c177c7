// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>
#include <stages/data/visibilities.h>
#include <stages/gains/term_choice.h>

#include <cstddef>
#include <vector>

namespace skymill::radio {

/// Between which cells of the solutions a channel lies.
struct CellPair {
  std::size_t lower = 0;  ///< place in `WindowMatch::cells`, or `kNoSolution`
  std::size_t upper = 0;
  double fraction = 0;  ///< of the way to `upper`; 0 = `lower` alone
};

/// How channels of one data description meet the frequencies of a term.
struct WindowMatch {
  std::vector<std::size_t> cells;       ///< `Solutions::frequencies` of the window, by frequency
  std::vector<double> cell_freq_hz;     ///< their centres
  std::vector<double> channel_freq_hz;  ///< of the data
  std::vector<bool> covered;            ///< [channel] lies within what the window's cells cover
  bool empty() const { return cells.empty(); }
};

/// The window of the table that `spwmap` names, else that of most channels in common (of several
/// the one of the same number). With a map all channels count as covered: outside, the nearest cell
/// holds. Empty when the table has no solutions there.
/// @throws Error (input) when none of the windows of the data meets any of the table
WindowMatch match_window(const Solutions& solutions, const TermChoice& choice,
                         const ObservationHeader& header, int data_desc_id);

/// Where a frequency lies among centres in ascending order; nearest outside them.
CellPair cells_at(const std::vector<double>& centres_hz, double freq_hz, Between between);

}  // namespace skymill::radio
