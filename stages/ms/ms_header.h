// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/tables/Tables/Table.h>
#include <stages/data/visibilities.h>

#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Reads the subtables; rows, times and uvw extent are left for the caller, who holds TablesLock.
/// Assumptions made for missing or senseless values are added to `notes`.
ObservationHeader read_ms_header(const casacore::Table& ms, std::vector<std::string>& notes);

}  // namespace skymill::radio::wall
