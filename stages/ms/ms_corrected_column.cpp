// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <casacore/tables/DataMan/StandardStMan.h>
#include <casacore/tables/DataMan/TiledShapeStMan.h>
#include <casacore/tables/Tables/ArrColDesc.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/history_rows.h>
#include <stages/ms/ms_corrected_column.h>
#include <stages/ms/sample_cells.h>
#include <stages/ms/wall.h>
#include <stages/ms/written_column_state.h>
#include <stages/ms/written_rows.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace skymill::radio {

namespace cc = casacore;

namespace {

cc::Slicer rows_from(std::size_t first, std::size_t count) {
  return cc::Slicer(wall::position({first}), wall::position({count}));
}

bool has(const cc::Table& ms, const char* column) { return ms.tableDesc().isColumn(column); }

/// A column of floats that changes, and its first values, which are kept once it does.
struct KeptWeights {
  const char* name;
  const char* kept_name;
  int axes;
  std::optional<cc::ArrayColumn<float>> column = {};

  void open(const cc::Table& ms) {
    if (has(ms, name)) column.emplace(ms, name);
  }

  /// Copies the column, unless that was done to its end before.
  void keep(cc::Table& ms) const {
    if (has(ms, kept_name) &&
        !cc::TableColumn(ms, kept_name).keywordSet().isDefined(wall::kUnfinished)) {
      return;
    }
    if (!has(ms, kept_name)) make(ms);
    cc::ArrayColumn<float> kept(ms, kept_name);
    kept.rwKeywordSet().define(wall::kUnfinished, true);
    wall::for_blocks_of_rows(ms, [&](std::size_t first, std::size_t rows) {
      if (!column->isDefined(first)) return;
      kept.putColumnRange(rows_from(first, rows), column->getColumnRange(rows_from(first, rows)));
    });
    ms.flush(true);
    kept.rwKeywordSet().removeField(wall::kUnfinished);
    ms.flush(true);
  }

 private:
  void make(cc::Table& ms) const {
    const std::string what = std::string(name) + " before gains changed it";
    const cc::ArrayColumnDesc<float> description(kept_name, what, axes);
    if (axes == 1) {
      ms.addColumn(description, cc::StandardStMan(kept_name, 32768));
    } else {
      const cc::IPosition cell = column->isDefined(0) ? column->shape(0) : wall::position({1, 1});
      ms.addColumn(description, cc::TiledShapeStMan(kept_name, wall::tile_of_data(ms, cell)));
    }
  }
};

}  // namespace

struct MsCorrectedColumn::Impl {
  wall::WrittenRows place;
  cc::Table& ms = place.table();
  std::string path;
  CorrectedColumns columns;
  std::optional<cc::ArrayColumn<cc::Complex>> corrected;
  std::optional<cc::ArrayColumn<bool>> flag;
  KeptWeights weight{"WEIGHT", wall::kFirstWeight, 1};
  KeptWeights spectrum{"WEIGHT_SPECTRUM", wall::kFirstSpectrum, 2};
  std::optional<cc::ArrayColumn<float>> sigma;
  bool kept = false;    ///< first weights are safe
  bool redone = false;  ///< a killed run was here: nothing can be taken for written
  bool made = false;    ///< the column is of our making
  bool open = false;

  ~Impl() {
    if (!open) return;
    const wall::TablesLock lock;
    try {
      detach();
      if (made) ms.removeColumn(wall::kCorrectedColumn);
    } catch (const std::exception&) {  // the keyword says what there is to say
    }
    place.close();
  }

  template <class F>
  void step(const std::string& doing, F&& work) {
    wall::guarded_write("cannot " + doing + " corrected data of '" + path + "'", path, work);
  }

  void detach() {
    corrected.reset();
    flag.reset();
    weight.column.reset();
    spectrum.column.reset();
    sigma.reset();
  }

  void begin(const std::string& where, const MsSelection& wanted, const CorrectedColumns& which) {
    const wall::TablesLock lock;
    path = where;
    columns = which;
    wall::require_table(path, "the MeasurementSet");
    step("open for writing", [&] { place.open(path); });
    if (!has(ms, "DATA")) {
      throw Error(ErrorKind::input, "'" + path + "' has no column DATA",
                  "corrected data are written beside the data");
    }
    place.select(wanted);
    open = true;
    step("make", [&] { prepare(); });
  }

  void prepare() {
    if (columns.data) prepare_data();
    if (columns.flags) flag.emplace(ms, "FLAG");
    if (columns.weights) {
      weight.open(ms);
      spectrum.open(ms);
      if (has(ms, "SIGMA")) sigma.emplace(ms, "SIGMA");
    }
    ms.flush();
  }

  void prepare_data() {
    if (!has(ms, wall::kCorrectedColumn)) {
      cc::TableDesc description;
      cc::MS::addColumnToDesc(description, cc::MS::CORRECTED_DATA, 2);
      const cc::IPosition cell = ms.nrow() > 0 ? cc::ArrayColumn<cc::Complex>(ms, "DATA").shape(0)
                                               : wall::position({1, 1});
      ms.addColumn(description.columnDesc(wall::kCorrectedColumn),
                   cc::TiledShapeStMan("TiledCORRECTED_DATA", wall::tile_of_data(ms, cell)));
      made = true;
    }
    corrected.emplace(ms, wall::kCorrectedColumn);
    cc::TableRecord& keywords = corrected->rwKeywordSet();
    // What a killed run has left may have no cells.
    redone = keywords.isDefined(wall::kUnfinished);
    const bool bare = made || redone;
    keywords.define(wall::kUnfinished, true);
    ms.flush(true);
    if (bare && !place.has_all_samples()) copy_data();
  }

  /// No cell may stay undefined; those that are selected are put again.
  void copy_data() {
    const cc::ArrayColumn<cc::Complex> data(ms, "DATA");
    wall::for_blocks_of_rows(ms, [&](std::size_t first, std::size_t rows) {
      corrected->putColumnRange(rows_from(first, rows),
                                data.getColumnRange(rows_from(first, rows)));
    });
  }

  void put(std::size_t first, const Visibilities& rows) {
    const cc::RefRows table_rows = place.same_rows(first, rows, "corrected");
    const std::vector<std::size_t>& wanted = place.shape_at(first).channels;
    const auto samples = [&](auto& column, const auto& values) {
      wall::put_samples(column, table_rows, wanted, rows.ncorr, rows.nchan, values);
    };
    if (columns.flags) samples(*flag, rows.flag);
    if (columns.weights) put_weights(table_rows, wanted, rows);
    if (columns.data) samples(*corrected, rows.data);
  }

  void put_weights(const cc::RefRows& table_rows, const std::vector<std::size_t>& wanted,
                   const Visibilities& rows) {
    const cc::Array<float> old = weight.column->getColumnCells(table_rows);
    const bool same = std::equal(old.begin(), old.end(), rows.weight.begin(), rows.weight.end());
    const bool by_channel = spectrum.column && !rows.weight_spectrum.empty();
    if (same && !redone) return;
    if (!kept) {
      const wall::TablesLock lock;
      weight.keep(ms);
      if (by_channel) spectrum.keep(ms);
      kept = true;
    }
    if (by_channel) {
      wall::put_samples(*spectrum.column, table_rows, wanted, rows.ncorr, rows.nchan,
                        rows.weight_spectrum);
    }
    const cc::IPosition shape = wall::position({rows.ncorr, rows.rows()});
    cc::Array<float> values(shape, const_cast<float*>(rows.weight.data()), cc::SHARE);
    weight.column->putColumnCells(table_rows, values);
    if (!sigma) return;
    cc::Array<float> noise(shape);
    std::transform(rows.weight.begin(), rows.weight.end(), noise.begin(),
                   [](float value) { return value > 0 ? 1 / std::sqrt(value) : -1.0F; });
    sigma->putColumnCells(table_rows, noise);
  }

  void finish(const std::string& application, const std::vector<std::string>& history) {
    ms.flush(true);
    wall::add_history(ms, application, history);
    if (corrected) {
      cc::Vector<cc::String> lines(history.size());
      std::copy(history.begin(), history.end(), lines.begin());
      corrected->rwKeywordSet().define(wall::kHistory, lines);
      corrected->rwKeywordSet().removeField(wall::kUnfinished);
      ms.flush(true);
    }
    detach();
    place.close();
    open = false;
  }
};

MsCorrectedColumn::MsCorrectedColumn(const Lane::Token&, const std::string& path,
                                     const MsSelection& selection, const CorrectedColumns& columns)
    : impl_(std::make_unique<Impl>()) {
  impl_->begin(path, selection, columns);
}

MsCorrectedColumn::~MsCorrectedColumn() = default;
MsCorrectedColumn::MsCorrectedColumn(MsCorrectedColumn&&) noexcept = default;
MsCorrectedColumn& MsCorrectedColumn::operator=(MsCorrectedColumn&&) noexcept = default;

void MsCorrectedColumn::put(const Lane::Token&, std::size_t first, const Visibilities& rows) {
  if (rows.rows() == 0) return;
  impl_->step("write", [&] { impl_->put(first, rows); });
}

void MsCorrectedColumn::finish(const Lane::Token&, const std::string& application,
                               const std::vector<std::string>& history) {
  if (!impl_->open) return;
  const wall::TablesLock lock;
  impl_->step("finish", [&] { impl_->finish(application, history); });
}

}  // namespace skymill::radio
