// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/casa/Arrays/Array.h>
#include <casacore/casa/Arrays/Slicer.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/RefRows.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/Table.h>
#include <stages/ms/positions.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace skymill::radio::wall {

/// The tiles of a new column of samples: those of DATA, or about as large where DATA has none.
casacore::IPosition tile_of_data(const casacore::Table& ms, const casacore::IPosition& cell);

/// Calls f(first row, rows) for rows that follow each other and have one data description, a few
/// thousand at a time: what has cells of one shape.
template <class F>
void for_blocks_of_rows(const casacore::Table& ms, const F& f) {
  constexpr std::size_t kRows = 4096;
  const casacore::ScalarColumn<casacore::Int> descriptions(ms, "DATA_DESC_ID");
  for (std::size_t first = 0; first < ms.nrow();) {
    const int number = descriptions(first);
    std::size_t end = first + 1;
    while (end < ms.nrow() && end - first < kRows && descriptions(end) == number) ++end;
    f(first, end - first);
    first = end;
  }
}

/// Writes [row][chan][corr] of the selected channels (empty = all) into cells of a column. T is the
/// type in the table, U the same bytes in ours.
template <class T, class U>
void put_samples(casacore::ArrayColumn<T>& column, const casacore::RefRows& rows,
                 const std::vector<std::size_t>& wanted, std::size_t ncorr, std::size_t nchan,
                 const std::vector<U>& samples) {
  static_assert(sizeof(T) == sizeof(U), "the values are written in place");
  // casacore has no array of const elements, and only reads these.
  T* const values = reinterpret_cast<T*>(const_cast<U*>(samples.data()));
  const std::size_t count = rows.nrow();
  if (wanted.empty()) {
    column.putColumnCells(
        rows, casacore::Array<T>(position({ncorr, nchan, count}), values, casacore::SHARE));
    return;
  }
  // Channels that follow each other go together.
  for (std::size_t from = 0; from < nchan;) {
    std::size_t to = from + 1;
    while (to < nchan && wanted[to] == wanted[to - 1] + 1) ++to;
    casacore::Array<T> part(position({ncorr, to - from, count}));
    T* place = part.data();
    for (std::size_t row = 0; row < count; ++row) {
      const T* const begin = values + (row * nchan + from) * ncorr;
      place = std::copy(begin, begin + (to - from) * ncorr, place);
    }
    column.putColumnCells(
        rows, casacore::Slicer(position({0, wanted[from]}), position({ncorr, to - from})), part);
    from = to;
  }
}

}  // namespace skymill::radio::wall
