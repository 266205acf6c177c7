// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <stages/ms/ms_expressions.h>
#include <stages/ms/ms_flag_column.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/positions.h>
#include <stages/ms/row_selection.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <optional>

namespace skymill::radio {

namespace cc = casacore;

struct MsFlagColumn::Impl {
  cc::Table ms;
  std::string path;
  std::optional<wall::RowSelection> selection;
  ObservationHeader header;
  std::vector<std::vector<std::size_t>> channels;  ///< by window: those selected; empty = all
  std::optional<cc::ArrayColumn<bool>> flag;
  std::optional<cc::ScalarColumn<bool>> flag_row;
  std::optional<cc::ScalarColumn<double>> time;
  std::optional<cc::ScalarColumn<cc::Int>> antenna1, antenna2;

  ~Impl() {
    if (!flag) return;
    const wall::TablesLock lock;
    detach();
  }

  void detach() {
    flag.reset();
    flag_row.reset();
    time.reset();
    antenna1.reset();
    antenna2.reset();
    ms = cc::Table();
  }

  template <class F>
  auto step(const std::string& doing, F&& work) -> decltype(work()) {
    return wall::guarded_write("cannot " + doing + " flags of '" + path + "'", path, work);
  }

  void begin(const std::string& where, const MsSelection& wanted) {
    const wall::TablesLock lock;
    path = where;
    wall::require_table(path, "the MeasurementSet");
    step("open for writing", [&] {
      ms = cc::Table(path, wall::own_lock(), cc::Table::Update,
                     cc::TSMOption(cc::TSMOption::Cache, 0, -1));
    });
    std::vector<std::string> notes;
    header = wall::read_ms_header(ms, notes);
    wall::SelectedParts parts = wall::select_parts(ms, wanted, header);
    selection.emplace(ms, wanted, parts.rows, header);
    channels = std::move(parts.channels);
    step("open", [&] {
      flag_row.emplace(ms, "FLAG_ROW");
      time.emplace(ms, "TIME");
      antenna1.emplace(ms, "ANTENNA1");
      antenna2.emplace(ms, "ANTENNA2");
      flag.emplace(ms, "FLAG");
    });
  }

  [[noreturn]] void refuse(std::size_t first, const std::string& why) const {
    throw Error(ErrorKind::input,
                "flagged rows from " + std::to_string(first) + " on " + why + " than those of '" +
                    path + "'",
                "give the writer the same input and selection as the reader");
  }

  void require_same_rows(const cc::RefRows& table_rows, std::size_t first,
                         const Visibilities& rows) const {
    const cc::Vector<double> times = time->getColumnCells(table_rows);
    const cc::Vector<cc::Int> ones = antenna1->getColumnCells(table_rows);
    const cc::Vector<cc::Int> twos = antenna2->getColumnCells(table_rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      if (times[row] != rows.time_s[row] || ones[row] != rows.antenna1[row] ||
          twos[row] != rows.antenna2[row]) {
        refuse(first + row, "have other times or antennas");
      }
    }
  }

  std::vector<std::uint8_t> put(std::size_t first, const Visibilities& rows) {
    const MsSegment& segment = selection->segment_of(first);
    const auto& description =
        header.data_descriptions[static_cast<std::size_t>(segment.data_desc_id)];
    const auto window = static_cast<std::size_t>(description.spectral_window);
    const std::vector<std::size_t>& wanted = channels[window];
    const std::size_t ncorr = description.corr_types.size();
    const std::size_t stored = header.spectral_windows[window].chan_freq_hz.size();
    const bool fits = rows.ncorr == ncorr &&
                      rows.nchan == (wanted.empty() ? stored : wanted.size()) &&
                      first + rows.rows() <= segment.first + segment.count;
    if (!fits) refuse(first, "are of another shape");
    const cc::RefRows table_rows = selection->table_rows(first, rows.rows());
    require_same_rows(table_rows, first, rows);

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
        bool* const sample = cell + (wanted.empty() ? c : wanted[c]) * ncorr;
        for (std::size_t k = 0; k < ncorr; ++k) {
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
    impl_->ms.flush(true);
    impl_->detach();
  });
}

}  // namespace skymill::radio
