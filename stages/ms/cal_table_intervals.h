// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms, and free of casacore.
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::radio::wall {

/// What a row of a calibration table says, but for its values.
struct CalTableRow {
  double time_s = 0;  ///< MJD UTC seconds
  double length_s = 0;
  std::int32_t field_id = 0;
  std::int32_t scan_number = 0;
  std::int32_t observation_id = 0;
  std::size_t window = 0;
  std::size_t antenna = 0;
  std::int32_t antenna2 = -1;
};

/// Rows that belong together.
struct CalTableIntervals {
  std::vector<SolutionInterval> intervals;  ///< ascending in time
  std::vector<std::size_t> of_row;          ///< which of them each row belongs to
};

/// Gathers rows to intervals: one time a window, of one field, scan and observation, and closer
/// than half the least step between times of any window.
CalTableIntervals cal_table_intervals(const std::vector<CalTableRow>& rows, std::size_t windows);

}  // namespace skymill::radio::wall
