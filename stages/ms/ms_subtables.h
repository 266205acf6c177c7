// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <stages/ms/ms_writer.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Makes and fills all required subtables and SOURCE; the caller holds TablesLock.
///
/// POINTING and FLAG_CMD stay empty. OBSERVATION, PROCESSOR and STATE get one row each, to which
/// the main table's OBSERVATION_ID, PROCESSOR_ID and STATE_ID 0 point.
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

/// Sets OBSERVATION.TIME_RANGE, MJD UTC seconds.
void write_time_range(casacore::MeasurementSet& ms, double first_s, double last_s);

}  // namespace skymill::radio::wall
