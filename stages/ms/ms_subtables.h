// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <stages/ms/ms_writer.h>

namespace skymill::radio::wall {

/// Makes and fills all required subtables and SOURCE; the caller holds TablesLock.
///
/// POINTING and FLAG_CMD stay empty. OBSERVATION, PROCESSOR and STATE get one row each, to which
/// the main table's OBSERVATION_ID, PROCESSOR_ID and STATE_ID 0 point.
void write_subtables(casacore::MeasurementSet& ms, const ObservationHeader& header,
                     const MsLayout& layout);

/// Sets OBSERVATION.TIME_RANGE, MJD UTC seconds.
void write_time_range(casacore::MeasurementSet& ms, double first_s, double last_s);

}  // namespace skymill::radio::wall
