// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/metrics.h>
#include <stages/data/solutions.h>

#include <cstddef>
#include <string>

namespace skymill::radio {

/// How many solutions a term has.
struct SolutionCounts {
  std::size_t solutions = 0;  ///< of those that were solved for: antennas, feeds, cells
  std::size_t flagged = 0;    ///< of these
};

SolutionCounts count_solutions(const Solutions& solutions);

/// Date and time in UTC to the second, such as 2025-09-05T03:12:23.
std::string utc_text(double mjd_s);

/// A row of the record's table `tables`: which table, of what type and date, from which field of
/// which data, and how many solutions it has.
/// @param order  place in the calibration, from 0
Row table_row(std::size_t order, const std::string& path, const Solutions& solutions);

/// The same in a sentence, for the log.
std::string table_sentence(const std::string& path, const Solutions& solutions);

}  // namespace skymill::radio
