// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <casacore/tables/DataMan/IncrementalStMan.h>
#include <casacore/tables/DataMan/StandardStMan.h>
#include <casacore/tables/DataMan/TiledColumnStMan.h>
#include <casacore/tables/DataMan/TiledShapeStMan.h>
#include <casacore/tables/Tables/ArrColDesc.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/SetupNewTab.h>
#include <casacore/tables/Tables/TableInfo.h>
#include <stages/ms/ms_subtables.h>
#include <stages/ms/ms_writer.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace skymill::radio {

namespace cc = casacore;

namespace {

const char* const kWriteHint = "check free space and permissions where the table is made";

struct CellShape {
  std::size_t ncorr = 0;
  std::size_t nchan = 0;
  bool operator==(const CellShape& other) const {
    return ncorr == other.ncorr && nchan == other.nchan;
  }
};

cc::IPosition position(std::initializer_list<std::size_t> values) {
  cc::IPosition result(static_cast<cc::uInt>(values.size()));
  cc::uInt i = 0;
  for (const std::size_t value : values) result[i++] = static_cast<ssize_t>(value);
  return result;
}

/// A view of constant values; casacore has no array of const elements, and only reads these.
template <class T, class U>
cc::Array<T> view(const std::vector<U>& values, const cc::IPosition& shape) {
  static_assert(sizeof(T) == sizeof(U), "the values are written in place");
  return cc::Array<T>(shape, reinterpret_cast<T*>(const_cast<U*>(values.data())), cc::SHARE);
}

}  // namespace

struct MsWriter::Impl {
  std::string path;
  std::shared_ptr<const ObservationHeader> header;
  MsLayout layout;
  std::vector<CellShape> shapes;  ///< by data description
  bool uniform = true;            ///< all descriptions have one shape
  cc::MeasurementSet ms;
  bool open = false;
  bool has_weight_spectrum = false;
  std::uint64_t rows = 0;
  double first_s = 0;
  double last_s = 0;

  ~Impl() {
    if (open) abandon();
  }

  void abandon() noexcept {
    const wall::TablesLock lock;
    try {
      ms.markForDelete();  // so that closing does not try to write, perhaps to a full disk
      ms = cc::MeasurementSet();
    } catch (const std::exception&) {  // what cannot be closed is removed below all the same
    }
    std::error_code code;
    std::filesystem::remove_all(path, code);
  }

  /// Adds our prefix; whatever failed, the object is of no more use, and the destructor tidies up.
  template <class F>
  void step(const std::string& doing, F&& work) {
    wall::guarded("cannot " + doing + " the MeasurementSet '" + path + "'", work, kWriteHint);
  }

  void take_header(std::shared_ptr<const ObservationHeader> given) {
    if (!given || given->data_descriptions.empty()) {
      throw Error(ErrorKind::input, "the MeasurementSet '" + path +
                                        "' cannot be made from a header without data descriptions");
    }
    header = std::move(given);
    for (std::size_t i = 0; i < header->data_descriptions.size(); ++i) {
      const DataDescription& description = header->data_descriptions[i];
      const auto window = static_cast<std::size_t>(description.spectral_window);
      if (description.spectral_window < 0 || window >= header->spectral_windows.size() ||
          description.corr_types.empty() || header->spectral_windows[window].chan_freq_hz.empty() ||
          header->spectral_windows[window].chan_freq_hz.size() !=
              header->spectral_windows[window].chan_width_hz.size()) {
        throw Error(ErrorKind::input,
                    "data description " + std::to_string(i) + " for '" + path +
                        "' needs a spectral window with as many widths as frequencies, and "
                        "correlations");
      }
      shapes.push_back(
          {description.corr_types.size(), header->spectral_windows[window].chan_freq_hz.size()});
      uniform = uniform && shapes.back() == shapes.front();
    }
  }

  /// Rows a tile, so that one of `bytes_per_row` comes to layout.tile_bytes; no more than the table
  /// will have, when that is known, because casacore writes whole tiles.
  std::size_t tile_rows(double bytes_per_row) const {
    double rows_of_tile = std::floor(static_cast<double>(layout.tile_bytes) / bytes_per_row);
    if (header->rows > 0) rows_of_tile = std::min(rows_of_tile, static_cast<double>(header->rows));
    return static_cast<std::size_t>(std::max(1.0, rows_of_tile));
  }

  CellShape largest() const {
    return *std::max_element(shapes.begin(), shapes.end(),
                             [](const CellShape& a, const CellShape& b) {
                               return a.ncorr * a.nchan < b.ncorr * b.nchan;
                             });
  }

  cc::IPosition cell_tile(double bytes_per_value) const {
    const CellShape shape = largest();
    const auto values = static_cast<double>(shape.ncorr * shape.nchan);
    return position({shape.ncorr, shape.nchan, tile_rows(values * bytes_per_value)});
  }

  cc::IPosition corr_tile() const {
    const std::size_t ncorr = largest().ncorr;
    return position({ncorr, tile_rows(4.0 * static_cast<double>(ncorr))});
  }

  /// Binds a column to tiles of its own: fixed tiles for one shape, else a set for every shape.
  template <class Target>
  void bind_tiled(Target&& bind, const std::string& column, const cc::IPosition& tile) const {
    const std::string name = "Tiled" + column;
    if (uniform) {
      bind(column, cc::TiledColumnStMan(name, tile));
    } else {
      bind(column, cc::TiledShapeStMan(name, tile));
    }
  }

  cc::TableDesc main_description() const {
    cc::TableDesc description = cc::MS::requiredTableDesc();
    cc::MS::addColumnToDesc(description, cc::MS::DATA, 2);
    if (uniform) {
      const CellShape shape = shapes.front();
      for (const char* column : {"DATA", "FLAG"}) {
        description.rwColumnDesc(column).setShape(position({shape.ncorr, shape.nchan}), true);
      }
      for (const char* column : {"WEIGHT", "SIGMA"}) {
        description.rwColumnDesc(column).setShape(position({shape.ncorr}), true);
      }
    }
    return description;
  }

  void create() {
    cc::SetupNewTable setup(path, main_description(), cc::Table::NewNoReplace);
    // Slowly changing columns are kept as changes; those that change in every row as values.
    const cc::IncrementalStMan incremental("Incremental", 65536);
    setup.bindAll(incremental);
    const cc::StandardStMan standard("Standard", 32768);
    for (const char* column : {"ANTENNA1", "ANTENNA2", "DATA_DESC_ID"}) {
      setup.bindColumn(column, standard);
    }
    const auto bind = [&](const std::string& column, const cc::DataManager& manager) {
      setup.bindColumn(column, manager);
    };
    bind("UVW", cc::TiledColumnStMan("TiledUVW", position({3, tile_rows(24)})));
    bind("FLAG_CATEGORY", cc::TiledShapeStMan("TiledFlagCategory", position({1, 1, 1, 1024})));
    bind_tiled(bind, "DATA", cell_tile(sizeof(cc::Complex)));
    bind_tiled(bind, "FLAG", cell_tile(0.125));  // casacore packs eight flags into a byte
    bind_tiled(bind, "WEIGHT", corr_tile());
    bind_tiled(bind, "SIGMA", corr_tile());
    ms = cc::MeasurementSet(setup, wall::own_lock(), 0);
    open = true;
    cc::TableInfo& info = ms.tableInfo();
    info.setType(cc::TableInfo::type(cc::TableInfo::MEASUREMENTSET));
    info.setSubType("");
    info.readmeAddLine("Made by " + layout.application);
    wall::write_subtables(ms, *header, layout);
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::input, "rows for '" + path + "' do not fit: " + what);
  }

  void check(const Visibilities& chunk) const {
    if (chunk.data_desc_id < 0 || static_cast<std::size_t>(chunk.data_desc_id) >= shapes.size()) {
      refuse("there is no data description " + std::to_string(chunk.data_desc_id));
    }
    const CellShape shape = shapes[static_cast<std::size_t>(chunk.data_desc_id)];
    if (!(shape == CellShape{chunk.ncorr, chunk.nchan})) {
      refuse("they have " + std::to_string(chunk.nchan) + " channels and " +
             std::to_string(chunk.ncorr) + " correlations, data description " +
             std::to_string(chunk.data_desc_id) + " has " + std::to_string(shape.nchan) + " and " +
             std::to_string(shape.ncorr));
    }
    const std::size_t n = chunk.rows();
    const std::size_t cells = n * chunk.nchan * chunk.ncorr;
    const auto size = [&](const char* name, std::size_t found, std::size_t wanted) {
      if (found != wanted) {
        refuse(std::string(name) + " has " + std::to_string(found) + " values instead of " +
               std::to_string(wanted));
      }
    };
    size("interval_s", chunk.interval_s.size(), n);
    size("exposure_s", chunk.exposure_s.size(), n);
    size("antenna1", chunk.antenna1.size(), n);
    size("antenna2", chunk.antenna2.size(), n);
    size("field_id", chunk.field_id.size(), n);
    size("scan_number", chunk.scan_number.size(), n);
    size("uvw_m", chunk.uvw_m.size(), 3 * n);
    size("data", chunk.data.size(), cells);
    size("flag", chunk.flag.size(), cells);
    size("weight", chunk.weight.size(), n * chunk.ncorr);
    if (!chunk.weight_spectrum.empty()) {
      size("weight_spectrum", chunk.weight_spectrum.size(), cells);
    }
    check_numbers("antenna", chunk.antenna1, header->antennas.size());
    check_numbers("antenna", chunk.antenna2, header->antennas.size());
    check_numbers("field", chunk.field_id, header->fields.size());
  }

  void check_numbers(const char* what, const std::vector<std::int32_t>& numbers,
                     std::size_t count) const {
    for (const std::int32_t number : numbers) {
      if (number < 0 || static_cast<std::size_t>(number) >= count) {
        refuse("there is no " + std::string(what) + " " + std::to_string(number));
      }
    }
  }

  template <class T, class U>
  void put_scalars(const char* column, const std::vector<U>& values) {
    const cc::Slicer range(position({rows}), position({values.size()}));
    const cc::Array<T> block = view<T>(values, position({values.size()}));
    cc::ScalarColumn<T>(ms, column).putColumnRange(range, cc::Vector<T>(block));
  }

  template <class T, class U>
  void put_cells(const char* column, std::uint64_t first, const std::vector<U>& values,
                 const cc::IPosition& shape) {
    const cc::Slicer range(position({first}), position({static_cast<std::size_t>(shape.last())}));
    cc::ArrayColumn<T>(ms, column).putColumnRange(range, view<T>(values, shape));
  }

  /// Columns that never change: the incremental manager repeats the first row's value.
  void put_constants() {
    for (const char* column :
         {"ARRAY_ID", "FEED1", "FEED2", "OBSERVATION_ID", "PROCESSOR_ID", "STATE_ID"}) {
      cc::ScalarColumn<cc::Int>(ms, column).put(0, 0);
    }
  }

  void put_flag_row(const Visibilities& chunk) {
    const std::size_t cell = chunk.nchan * chunk.ncorr;
    std::vector<std::uint8_t> all(chunk.rows());
    for (std::size_t row = 0; row < all.size(); ++row) {
      const auto begin = chunk.flag.begin() + static_cast<std::ptrdiff_t>(row * cell);
      all[row] = std::all_of(begin, begin + static_cast<std::ptrdiff_t>(cell),
                             [](std::uint8_t bad) { return bad != 0; });
    }
    put_scalars<bool>("FLAG_ROW", all);
  }

  void add_weight_spectrum() {
    const wall::TablesLock lock;  // it makes files and changes the table's description
    cc::TableDesc description;
    cc::MS::addColumnToDesc(description, cc::MS::WEIGHT_SPECTRUM, 2);
    cc::ColumnDesc& column = description.rwColumnDesc("WEIGHT_SPECTRUM");
    if (uniform) column.setShape(position({shapes[0].ncorr, shapes[0].nchan}), true);
    const auto bind = [&](const std::string&, const cc::DataManager& manager) {
      ms.addColumn(column, manager);
    };
    bind_tiled(bind, "WEIGHT_SPECTRUM", cell_tile(sizeof(float)));
    has_weight_spectrum = true;
    const cc::ArrayColumn<float> weights(ms, "WEIGHT");
    const cc::ScalarColumn<cc::Int> descriptions(ms, "DATA_DESC_ID");
    for (std::uint64_t row = 0; row < rows; ++row) {
      const cc::Vector<float> weight = weights.get(row);
      const CellShape shape = shapes[static_cast<std::size_t>(descriptions(row))];
      put_cells<float>("WEIGHT_SPECTRUM", row,
                       spread(std::vector<float>(weight.begin(), weight.end()), shape),
                       position({shape.ncorr, shape.nchan, 1}));
    }
  }

  /// [row][corr] repeated for every channel: [row][chan][corr].
  static std::vector<float> spread(const std::vector<float>& weight, CellShape shape) {
    std::vector<float> result;
    result.reserve(weight.size() * shape.nchan);
    for (std::size_t from = 0; from < weight.size(); from += shape.ncorr) {
      const auto begin = weight.begin() + static_cast<std::ptrdiff_t>(from);
      for (std::size_t chan = 0; chan < shape.nchan; ++chan) {
        result.insert(result.end(), begin, begin + static_cast<std::ptrdiff_t>(shape.ncorr));
      }
    }
    return result;
  }

  void put_weights(const Visibilities& chunk) {
    const std::size_t n = chunk.rows();
    const cc::IPosition per_corr = position({chunk.ncorr, n});
    put_cells<float>("WEIGHT", rows, chunk.weight, per_corr);
    std::vector<float> sigma(chunk.weight.size());
    std::transform(chunk.weight.begin(), chunk.weight.end(), sigma.begin(),
                   [](float weight) { return weight > 0 ? 1 / std::sqrt(weight) : -1.0F; });
    put_cells<float>("SIGMA", rows, sigma, per_corr);
    if (!chunk.weight_spectrum.empty() && !has_weight_spectrum) add_weight_spectrum();
    if (!has_weight_spectrum) return;
    const CellShape shape{chunk.ncorr, chunk.nchan};
    put_cells<float>(
        "WEIGHT_SPECTRUM", rows,
        chunk.weight_spectrum.empty() ? spread(chunk.weight, shape) : chunk.weight_spectrum,
        position({chunk.ncorr, chunk.nchan, n}));
  }

  void append(const Visibilities& chunk) {
    const std::size_t n = chunk.rows();
    const cc::IPosition cells = position({chunk.ncorr, chunk.nchan, n});
    ms.addRow(n);
    if (rows == 0) put_constants();
    put_scalars<double>("TIME", chunk.time_s);
    put_scalars<double>("TIME_CENTROID", chunk.time_s);
    put_scalars<double>("INTERVAL", chunk.interval_s);
    put_scalars<double>("EXPOSURE", chunk.exposure_s);
    put_scalars<cc::Int>("ANTENNA1", chunk.antenna1);
    put_scalars<cc::Int>("ANTENNA2", chunk.antenna2);
    put_scalars<cc::Int>("FIELD_ID", chunk.field_id);
    put_scalars<cc::Int>("SCAN_NUMBER", chunk.scan_number);
    put_scalars<cc::Int>("DATA_DESC_ID", std::vector<std::int32_t>(n, chunk.data_desc_id));
    put_flag_row(chunk);
    put_cells<double>("UVW", rows, chunk.uvw_m, position({3, n}));
    put_cells<cc::Complex>("DATA", rows, chunk.data, cells);
    put_cells<bool>("FLAG", rows, chunk.flag, cells);
    put_weights(chunk);
    for (std::size_t row = 0; row < n; ++row) {
      const double half = chunk.interval_s[row] / 2;
      const bool first = rows == 0 && row == 0;
      first_s = first ? chunk.time_s[row] - half : std::min(first_s, chunk.time_s[row] - half);
      last_s = first ? chunk.time_s[row] + half : std::max(last_s, chunk.time_s[row] + half);
    }
    rows += n;
  }
};

MsWriter::MsWriter(const Lane::Token&, const std::string& path,
                   std::shared_ptr<const ObservationHeader> header, const MsLayout& layout)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->layout = layout;
  impl_->take_header(std::move(header));
  wall::require_absent(path);
  const wall::TablesLock lock;
  impl_->step("make", [&] { impl_->create(); });
}

MsWriter::~MsWriter() = default;
MsWriter::MsWriter(MsWriter&&) noexcept = default;
MsWriter& MsWriter::operator=(MsWriter&&) noexcept = default;

std::uint64_t MsWriter::rows_written() const { return impl_->rows; }

void MsWriter::append(const Lane::Token&, const Visibilities& chunk) {
  if (!impl_->open) {
    throw Error(ErrorKind::input, "the MeasurementSet '" + impl_->path + "' is finished already");
  }
  impl_->check(chunk);
  if (chunk.rows() == 0) return;
  impl_->step("write rows " + std::to_string(impl_->rows) + " to " +
                  std::to_string(impl_->rows + chunk.rows() - 1) + " of",
              [&] { impl_->append(chunk); });
}

void MsWriter::finish(const Lane::Token&) {
  if (!impl_->open) return;
  const wall::TablesLock lock;
  impl_->step("finish", [&] {
    if (impl_->rows > 0) wall::write_time_range(impl_->ms, impl_->first_s, impl_->last_s);
    impl_->ms.flush(true);
    impl_->ms = cc::MeasurementSet();
    impl_->open = false;
  });
}

}  // namespace skymill::radio
