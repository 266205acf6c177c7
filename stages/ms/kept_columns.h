// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <casacore/tables/Tables/Table.h>

#include <cstddef>

namespace skymill::radio::wall {

/// Most that casacore keeps of one storage manager below.
constexpr std::size_t kMostKept = std::size_t{16} << 20;

/// Lets casacore keep what rows are chosen by, once it is read: baselines, UVW, times. They are
/// read to plan and again with the data, and by default casacore drops them in between, or even
/// between two columns of one bucket. What is larger than `kMostKept` is left alone: then it is a
/// small part of a row. The caller holds TablesLock.
void keep_choosing_columns(const casacore::Table& ms);

}  // namespace skymill::radio::wall
