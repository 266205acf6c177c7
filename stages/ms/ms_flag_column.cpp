// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <stages/ms/ms_flag_column.h>
#include <stages/ms/wall.h>
#include <stages/ms/written_rows.h>

#include <algorithm>
#include <optional>

namespace skymill::radio {

namespace cc = casacore;

struct MsFlagColumn::Impl {
  wall::WrittenRows place;
  std::string path;
  std::optional<cc::ArrayColumn<bool>> flag;
  std::optional<cc::ScalarColumn<bool>> flag_row;

  ~Impl() {
    if (!flag) return;
    const wall::TablesLock lock;
    detach();
  }

  void detach() {
    flag.reset();
    flag_row.reset();
    place.close();
  }

  template <class F>
  auto step(const std::string& doing, F&& work) -> decltype(work()) {
    return wall::guarded_write("cannot " + doing + " flags of '" + path + "'", path, work);
  }

  void begin(const std::string& where, const MsSelection& wanted) {
    const wall::TablesLock lock;
    path = where;
    wall::require_table(path, "the MeasurementSet");
    step("open for writing", [&] { place.open(path); });
    place.select(wanted);
    step("open", [&] {
      flag_row.emplace(place.table(), "FLAG_ROW");
      flag.emplace(place.table(), "FLAG");
    });
  }

  std::vector<std::uint8_t> put(std::size_t first, const Visibilities& rows) {
    const cc::RefRows table_rows = place.same_rows(first, rows, "flagged");
    const std::vector<std::size_t>& wanted = place.shape_at(first).channels;

    // Cells are changed as a whole: what is not selected is written as it was.
    cc::Array<bool> cells = flag->getColumnCells(table_rows);
    cc::Vector<bool> whole = flag_row->getColumnCells(table_rows);
    const std::size_t row_cells = static_cast<std::size_t>(cells.size()) / rows.rows();
    bool* const values = cells.data();
    std::vector<std::uint8_t> before;
    before.reserve(rows.flag.size());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      bool* const cell = values + row * row_cells;
      for (std::size_t c = 0; c < rows.nchan; ++c) {
        bool* const sample = cell + (wanted.empty() ? c : wanted[c]) * rows.ncorr;
        for (std::size_t k = 0; k < rows.ncorr; ++k) {
          before.push_back(sample[k] || whole[row] ? 1 : 0);
          sample[k] = rows.flag[before.size() - 1] != 0;
        }
      }
      const bool all = std::find(cell, cell + row_cells, false) == cell + row_cells;
      whole[row] = all || (whole[row] && !wanted.empty());
    }
    flag->putColumnCells(table_rows, cells);
    flag_row->putColumnCells(table_rows, whole);
    return before;
  }
};

MsFlagColumn::MsFlagColumn(const Lane::Token&, const std::string& path,
                           const MsSelection& selection)
    : impl_(std::make_unique<Impl>()) {
  impl_->begin(path, selection);
}

MsFlagColumn::~MsFlagColumn() = default;
MsFlagColumn::MsFlagColumn(MsFlagColumn&&) noexcept = default;
MsFlagColumn& MsFlagColumn::operator=(MsFlagColumn&&) noexcept = default;

std::vector<std::uint8_t> MsFlagColumn::put(const Lane::Token&, std::size_t first,
                                            const Visibilities& rows) {
  if (rows.rows() == 0) return {};
  return impl_->step("write", [&] { return impl_->put(first, rows); });
}

void MsFlagColumn::finish(const Lane::Token&) {
  if (!impl_->flag) return;
  const wall::TablesLock lock;
  impl_->step("finish", [&] {
    impl_->place.table().flush(true);
    impl_->detach();
  });
}

}  // namespace skymill::radio
