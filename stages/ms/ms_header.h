// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/tables/Tables/Table.h>
#include <stages/data/visibilities.h>

#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Keyword of the main table that says which antenna of a row its UVW points to, and so how its
/// DATA are conjugated; the MeasurementSet standard leaves both open (calibration.md 1.4).
extern const char* const kUvwKeyword;

/// What the keyword says; empty for an unknown sense, of which nothing is said.
std::string uvw_sense_text(UvwSense sense);

/// Reads the subtables; rows, times and uvw extent are left for the caller, who holds TablesLock.
/// Assumptions made for missing or senseless values are added to `notes`.
ObservationHeader read_ms_header(const casacore::Table& ms, std::vector<std::string>& notes);

/// Likewise of a calibration table, which has five subtables and no data descriptions. Times are
/// those of OBSERVATION, zero when it leaves them out.
ObservationHeader read_calibration_header(const casacore::Table& table,
                                          std::vector<std::string>& notes);

}  // namespace skymill::radio::wall
