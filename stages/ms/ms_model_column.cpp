// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <casacore/tables/DataMan/TiledShapeStMan.h>
#include <casacore/tables/Tables/ArrColDesc.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/ms_model_column.h>
#include <stages/ms/positions.h>
#include <stages/ms/sample_cells.h>
#include <stages/ms/wall.h>
#include <stages/ms/written_column_state.h>
#include <stages/ms/written_rows.h>

namespace skymill::radio {

namespace cc = casacore;

struct MsModelColumn::Impl {
  wall::WrittenRows place;
  cc::Table& ms = place.table();
  std::string path;
  cc::ArrayColumn<cc::Complex> model;
  bool made = false;  ///< the column is of our making
  bool open = false;

  ~Impl() {
    if (!open) return;
    const wall::TablesLock lock;
    try {
      model = cc::ArrayColumn<cc::Complex>();
      if (made) ms.removeColumn(wall::kModelColumn);
    } catch (const std::exception&) {  // the keyword says what there is to say
    }
    place.close();
  }

  template <class F>
  void step(const std::string& doing, F&& work) {
    wall::guarded_write("cannot " + doing + " column MODEL_DATA of '" + path + "'", path, work);
  }

  void begin(const std::string& where, const MsSelection& wanted) {
    const wall::TablesLock lock;
    path = where;
    wall::require_table(path, "the MeasurementSet");
    step("open for writing", [&] { place.open(path); });
    if (!ms.tableDesc().isColumn("DATA")) {
      throw Error(ErrorKind::input, "'" + path + "' has no column DATA",
                  "a model is written beside the data");
    }
    place.select(wanted);
    open = true;
    step("make", [&] { prepare(); });
  }

  void prepare() {
    if (!ms.tableDesc().isColumn(wall::kModelColumn)) {
      cc::TableDesc description;
      cc::MS::addColumnToDesc(description, cc::MS::MODEL_DATA, 2);
      const cc::IPosition cell = ms.nrow() > 0 ? cc::ArrayColumn<cc::Complex>(ms, "DATA").shape(0)
                                               : wall::position({1, 1});
      ms.addColumn(description.columnDesc(wall::kModelColumn),
                   cc::TiledShapeStMan("TiledMODEL_DATA", wall::tile_of_data(ms, cell)));
      made = true;
    }
    model.attach(ms, wall::kModelColumn);
    model.rwKeywordSet().define(wall::kUnfinished, true);
    if (made) fill_with_zeros();
    ms.flush();
  }

  /// No cell may stay undefined; those that are selected are put again.
  void fill_with_zeros() {
    const cc::ArrayColumn<cc::Complex> data(ms, "DATA");
    wall::for_blocks_of_rows(ms, [&](std::size_t first, std::size_t rows) {
      cc::IPosition shape = data.shape(first);
      shape.append(wall::position({rows}));
      model.putColumnRange(cc::Slicer(wall::position({first}), wall::position({rows})),
                           cc::Array<cc::Complex>(shape, cc::Complex(0, 0)));
    });
  }

  void put(std::size_t first, const std::vector<std::complex<float>>& samples) {
    const wall::WrittenRows::Shape shape = place.shape_at(first);
    const std::size_t row_samples = shape.nchan * shape.ncorr;
    const std::size_t rows = samples.size() / row_samples;
    if (rows * row_samples != samples.size() || rows > shape.rows) {
      throw Error(ErrorKind::input, "samples for MODEL_DATA of '" + path +
                                        "' are not those of rows of one data description");
    }
    wall::put_samples(model, place.table_rows(first, rows), shape.channels, shape.ncorr,
                      shape.nchan, samples);
  }
};

MsModelColumn::MsModelColumn(const Lane::Token&, const std::string& path,
                             const MsSelection& selection)
    : impl_(std::make_unique<Impl>()) {
  impl_->begin(path, selection);
}

MsModelColumn::~MsModelColumn() = default;
MsModelColumn::MsModelColumn(MsModelColumn&&) noexcept = default;
MsModelColumn& MsModelColumn::operator=(MsModelColumn&&) noexcept = default;

void MsModelColumn::put(const Lane::Token&, std::size_t first,
                        const std::vector<std::complex<float>>& samples) {
  if (samples.empty()) return;
  impl_->step("write", [&] { impl_->put(first, samples); });
}

void MsModelColumn::finish(const Lane::Token&) {
  if (!impl_->open) return;
  const wall::TablesLock lock;
  impl_->step("finish", [&] {
    impl_->ms.flush(true);
    impl_->model.rwKeywordSet().removeField(wall::kUnfinished);
    impl_->ms.flush(true);
    impl_->model = cc::ArrayColumn<cc::Complex>();
    impl_->place.close();
    impl_->open = false;
  });
}

}  // namespace skymill::radio
