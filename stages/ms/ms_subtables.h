// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <stages/ms/ms_writer.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Makes and fills all required subtables and SOURCE; the caller holds TablesLock.
///
/// FLAG_CMD stays empty, and POINTING unless dishes stand on the meridian; PROCESSOR gets one row.
/// OBSERVATION and STATE get the rows of the header, or one each, to which the main table's
/// OBSERVATION_ID and STATE_ID 0 point.
void write_subtables(casacore::MeasurementSet& ms, const ObservationHeader& header,
                     const MsLayout& layout);

/// Makes and fills the five subtables of a calibration table (calibration.md 4.1); the caller holds
/// TablesLock.
/// @param header        its windows are those of the solutions
/// @param window_used   by window; the others get FLAG_ROW, as CASA does
/// @param observations  rows of OBSERVATION, which are all alike
void write_calibration_subtables(casacore::Table& table, const ObservationHeader& header,
                                 const std::vector<bool>& window_used, std::size_t observations,
                                 const std::string& application,
                                 const std::vector<std::string>& history);

/// MJD UTC seconds; empty before anything is taken in.
struct TimeRange {
  double first_s = 0;
  double last_s = 0;
  bool empty = true;

  void take(double from_s, double to_s) {
    first_s = empty ? from_s : std::min(first_s, from_s);
    last_s = empty ? to_s : std::max(last_s, to_s);
    empty = false;
  }
};

/// Sets OBSERVATION.TIME_RANGE of the rows that have one.
void write_time_ranges(casacore::MeasurementSet& ms, const std::vector<TimeRange>& ranges);

}  // namespace skymill::radio::wall
