// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/tables/Tables/Table.h>

#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Modified Julian date now, UTC seconds.
double now_mjd_s();

/// Adds a row to the subtable HISTORY of a MeasurementSet for each line, with the time of now;
/// nothing where there is no such subtable. The caller holds TablesLock.
void add_history(const casacore::Table& ms, const std::string& application,
                 const std::vector<std::string>& lines);

}  // namespace skymill::radio::wall
