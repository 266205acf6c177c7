// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace skymill::radio::wall {

/// A column of the incremental storage manager, which repeats a value until the next one that is
/// put: only changes are, because a put costs as much as the bytes of dozens of rows.
/// Rows must come in ascending order.
template <class T>
class ChangingColumn {
 public:
  ChangingColumn(const casacore::Table& ms, const char* name) : column_(ms, name) {}

  template <class U>
  void put(std::uint64_t first, const std::vector<U>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) put(first + i, static_cast<T>(values[i]));
  }
  void put(std::uint64_t row, T value) {
    if (last_ && *last_ == value) return;
    column_.put(row, value);
    last_ = value;
  }

 private:
  casacore::ScalarColumn<T> column_;
  std::optional<T> last_;
};

/// Part of the channels of the rows [first, first + count).
struct CellRange {
  std::uint64_t first = 0;
  std::size_t count = 0;
  std::size_t ncorr = 0;
  std::size_t first_channel = 0;
  std::size_t nchan = 0;
  bool whole = true;  ///< these are all channels of the cells
};

/// The columns of the main table, opened once and written block by block.
class MainColumns {
 public:
  explicit MainColumns(const casacore::MeasurementSet& ms);

  /// Times, numbers and uvw of new rows, in ascending order.
  void put_rows(std::uint64_t first, const Visibilities& chunk, int data_desc_id);
  /// FLAG_ROW and, with SIGMA that belongs to it, WEIGHT [row][corr]; in ascending order.
  void put_flag_rows(std::uint64_t first, const std::vector<std::uint8_t>& all_bad);
  void put_weights(std::uint64_t first, std::size_t ncorr, const std::vector<float>& weight);
  /// DATA, FLAG and whatever else holds data.
  void put_cells(const CellRange& range, const Visibilities& chunk);
  void put_weight_spectrum(const CellRange& range, const std::vector<float>& weights);
  void open_weight_spectrum(const casacore::MeasurementSet& ms);

  /// WEIGHT of rows that were put, [row][corr].
  std::vector<float> weights(std::uint64_t first, std::size_t count) const;
  std::vector<std::int32_t> descriptions(std::uint64_t first, std::size_t count) const;

 private:
  casacore::ScalarColumn<casacore::Int> antenna1_, antenna2_, description_;
  ChangingColumn<double> time_, centroid_, interval_, exposure_;
  ChangingColumn<casacore::Int> field_, scan_, observation_, state_, new_description_;
  ChangingColumn<bool> flag_row_;
  casacore::ArrayColumn<double> uvw_;
  casacore::ArrayColumn<casacore::Complex> data_;
  std::optional<casacore::ArrayColumn<casacore::Complex>> model_, corrected_;
  casacore::ArrayColumn<bool> flag_;
  casacore::ArrayColumn<float> weight_, sigma_;
  std::optional<casacore::ArrayColumn<float>> weight_spectrum_;
  std::vector<std::complex<float>> zeros_;
};

}  // namespace skymill::radio::wall
