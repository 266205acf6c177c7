// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/metrics.h>
#include <stages/data/solutions.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// Rows of a run record's table for charts, and what they show.
struct SolutionSeries {
  std::string table;  ///< gains, bandpass or delays
  std::vector<Row> rows;
};

/// Gains over time (the frequency in the middle), bandpasses over frequency (the interval in the
/// middle) and delays by antenna: a row for each antenna and moment or channel, with the antenna's
/// name as `series`, amplitudes and phases of each hand. Flagged solutions have no figures.
/// @param most  moments or channels of an antenna at most; of more, some are left out evenly
SolutionSeries series_of(const Solutions& solutions, std::size_t most);

}  // namespace skymill::radio
