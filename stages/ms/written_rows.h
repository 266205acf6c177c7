// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/tables/Tables/RefRows.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/Table.h>
#include <stages/ms/ms_reader.h>
#include <stages/ms/row_selection.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// A MeasurementSet that is open for writing, with its rows as a reader with the same selection
/// numbers them.
class WrittenRows {
 public:
  /// Opens the table; the caller holds TablesLock and guards.
  void open(const std::string& path);
  /// Finds the selected rows. @throws Error (input) when the selection or a subtable is wrong
  void select(const MsSelection& wanted);
  void close();

  casacore::Table& table() { return ms_; }

  /// How rows are stored that follow each other in one data description.
  struct Shape {
    const std::vector<std::size_t>& channels;  ///< those selected; empty = all
    std::size_t ncorr = 0;
    std::size_t nchan = 0;  ///< of those selected
    std::size_t rows = 0;   ///< from this one to the last of its data description
  };
  Shape shape_at(std::size_t first) const;

  casacore::RefRows table_rows(std::size_t first, std::size_t count) const {
    return selection_->table_rows(first, count);
  }

  /// Where rows stand in the table that were read from there.
  /// @param kind  of rows, for the message
  /// @throws Error (input) when they have another shape, other times or antennas
  casacore::RefRows same_rows(std::size_t first, const Visibilities& rows,
                              const std::string& kind) const;

  bool has_all_samples() const;

 private:
  casacore::Table ms_;
  std::string path_;
  std::optional<RowSelection> selection_;
  ObservationHeader header_;
  std::vector<std::vector<std::size_t>> channels_;  ///< by window: those selected; empty = all
  std::optional<casacore::ScalarColumn<double>> time_;
  std::optional<casacore::ScalarColumn<casacore::Int>> antenna1_, antenna2_;
};

}  // namespace skymill::radio::wall
