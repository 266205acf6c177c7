// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/tables/Tables/Table.h>
#include <stages/ms/ms_reader.h>

#include <cstddef>
#include <vector>

namespace skymill::radio::wall {

/// What the selection texts mean for one MeasurementSet.
struct SelectedParts {
  std::vector<bool> rows;  ///< by table row; empty = all
  /// By spectral window: the channels to read, ascending; empty = all of that window.
  std::vector<std::vector<std::size_t>> channels;
};

/// Has casacore's MSSelection read the texts; the caller holds TablesLock. Without any text the
/// MeasurementSet is not looked at.
/// @throws Error (description) with the parameter and its text when one of them cannot be read or
///         fits nothing
SelectedParts select_parts(const casacore::Table& ms, const MsSelection& wanted,
                           const ObservationHeader& header);

}  // namespace skymill::radio::wall
