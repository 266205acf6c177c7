// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/kept_columns.h>
#include <stages/ms/ms_expressions.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/ms_reader.h>
#include <stages/ms/row_selection.h>
#include <stages/ms/wall.h>
#include <stages/ms/written_column_state.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace skymill::radio {

namespace cc = casacore;

namespace {

const char* const kNoDataHint = "choose another datacolumn, or make the column first";

/// One column that read() takes from, opened once.
template <class Column>
struct Source {
  std::string name;
  Column column;

  Source(const cc::Table& ms, const std::string& column_name)
      : name(column_name),
        column(wall::guarded(
            "cannot open column " + column_name + " of '" + std::string(ms.tableName()) + "'",
            [&] { return Column(ms, column_name); })) {}
};

template <class T>
using ArraySource = Source<cc::ArrayColumn<T>>;
template <class T>
using ScalarSource = Source<cc::ScalarColumn<T>>;

std::string shape_text(const cc::IPosition& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + "]";
}

/// What the MS holds for the wanted column; notes a fallback.
std::string column_to_use(const cc::Table& ms, const std::string& wanted,
                          std::vector<std::string>& notes) {
  const std::string named = "'" + std::string(ms.tableName()) + "'";
  const auto has = [&](const char* name) { return ms.tableDesc().isColumn(name); };
  const auto require_finished = [&](const char* name, const char* hint) {
    if (!cc::TableColumn(ms, name).keywordSet().isDefined(wall::kUnfinished)) return;
    throw Error(ErrorKind::input,
                "column " + std::string(name) + " of " + named + " was not written to its end",
                hint);
  };
  if (wanted == "corrected" && has("CORRECTED_DATA")) {
    require_finished("CORRECTED_DATA", "apply the calibration again, or read datacolumn: data");
    return "CORRECTED_DATA";
  }
  if (wanted == "corrected" || wanted == "data") {
    if (has("DATA")) {
      if (wanted == "corrected") notes.push_back("there is no CORRECTED_DATA; DATA is read");
      return "DATA";
    }
    throw Error(ErrorKind::input, named + " has no column DATA", kNoDataHint);
  }
  if (wanted == "model") {
    if (has("MODEL_DATA")) {
      require_finished("MODEL_DATA", "write the model again");
      return "MODEL_DATA";
    }
    throw Error(ErrorKind::input, named + " has no column MODEL_DATA", kNoDataHint);
  }
  throw Error(ErrorKind::description, "datacolumn '" + wanted + "' is not known",
              "use corrected, data or model");
}

/// The weights of DATA have names of their own once gains have changed those of the table.
std::string weight_column(const cc::Table& ms, const std::string& used_column,
                          const std::string& name, const char* kept) {
  const bool other = used_column == "DATA" && ms.tableDesc().isColumn(kept) &&
                     !cc::TableColumn(ms, kept).keywordSet().isDefined(wall::kUnfinished);
  return other ? kept : name;
}

/// What CORRECTED_DATA says of its making.
std::vector<std::string> column_history(const cc::Table& ms, const std::string& column) {
  const cc::TableRecord& keywords = cc::TableColumn(ms, column).keywordSet();
  if (!keywords.isDefined(wall::kHistory) ||
      keywords.dataType(wall::kHistory) != cc::TpArrayString) {
    return {};
  }
  const cc::Array<cc::String> lines = keywords.asArrayString(wall::kHistory);
  return std::vector<std::string>(lines.begin(), lines.end());
}

}  // namespace

struct MsReader::Impl {
  cc::Table ms;
  std::string path;
  std::string used_column;
  std::vector<std::string> notes;
  std::shared_ptr<const ObservationHeader> header;
  std::optional<wall::RowSelection> selection;
  std::vector<std::size_t> stored_channels;        ///< by window: how many the table has
  std::vector<std::vector<std::size_t>> channels;  ///< by window: those to read; empty = all

  std::optional<ArraySource<cc::Complex>> data;
  std::optional<ArraySource<bool>> flag;
  std::optional<ArraySource<float>> weight, weight_spectrum;
  std::optional<ArraySource<double>> uvw;
  std::optional<ScalarSource<double>> time, interval, exposure;
  std::optional<ScalarSource<cc::Int>> antenna1, antenna2, field, scan;
  std::optional<ScalarSource<double>> time_centroid;
  std::optional<ScalarSource<cc::Int>> observation, state;  ///< where there is a choice
  std::optional<ScalarSource<bool>> flag_row;

  std::uint64_t rows_read = 0;
  std::uint64_t bytes_read = 0;

  ~Impl() { close(); }

  void open(const std::string& where, const MsSelection& wanted) {
    const wall::TablesLock lock;
    path = where;
    ms = wall::open_input(path, "the MeasurementSet");
    wall::guarded("cannot open the MeasurementSet '" + path + "'", [&] {
      wall::keep_choosing_columns(ms);
      used_column = column_to_use(ms, wanted.datacolumn, notes);
      ObservationHeader found = wall::read_ms_header(ms, notes);
      stored_channels = channels_of(found);
      wall::SelectedParts parts = wall::select_parts(ms, wanted, found);
      selection.emplace(ms, wanted, parts.rows, found);
      channels = std::move(parts.channels);
      keep_channels(found);
      found.history = column_history(ms, used_column);
      header = std::make_shared<const ObservationHeader>(std::move(found));
      open_columns();
    });
  }

  void reopen() {
    const wall::TablesLock lock;
    if (ms.isNull()) ms = wall::open_input(path, "the MeasurementSet");
    wall::guarded("cannot open the MeasurementSet '" + path + "'", [&] {
      wall::keep_choosing_columns(ms);
      open_columns();
    });
  }

  static std::vector<std::size_t> channels_of(const ObservationHeader& found) {
    std::vector<std::size_t> counts;
    for (const SpectralWindow& window : found.spectral_windows) {
      counts.push_back(window.chan_freq_hz.size());
    }
    return counts;
  }

  /// Windows have from now on the selected channels only.
  void keep_channels(ObservationHeader& found) const {
    for (std::size_t k = 0; k < channels.size(); ++k) {
      if (channels[k].empty()) continue;
      SpectralWindow& window = found.spectral_windows[k];
      std::vector<double> freq_hz, width_hz;
      for (const std::size_t channel : channels[k]) {
        freq_hz.push_back(window.chan_freq_hz[channel]);
        width_hz.push_back(window.chan_width_hz[channel]);
      }
      window.chan_freq_hz = std::move(freq_hz);
      window.chan_width_hz = std::move(width_hz);
    }
  }

  void open_columns() {
    data.emplace(ms, used_column);
    flag.emplace(ms, "FLAG");
    weight.emplace(ms, weight_column(ms, used_column, "WEIGHT", wall::kFirstWeight));
    uvw.emplace(ms, "UVW");
    time.emplace(ms, "TIME");
    interval.emplace(ms, "INTERVAL");
    exposure.emplace(ms, "EXPOSURE");
    antenna1.emplace(ms, "ANTENNA1");
    antenna2.emplace(ms, "ANTENNA2");
    field.emplace(ms, "FIELD_ID");
    scan.emplace(ms, "SCAN_NUMBER");
    if (ms.tableDesc().isColumn("TIME_CENTROID")) time_centroid.emplace(ms, "TIME_CENTROID");
    if (header->observations.size() > 1) observation.emplace(ms, "OBSERVATION_ID");
    if (!header->states.empty()) state.emplace(ms, "STATE_ID");
    if (ms.tableDesc().isColumn("FLAG_ROW")) flag_row.emplace(ms, "FLAG_ROW");
    if (ms.tableDesc().isColumn("WEIGHT_SPECTRUM")) {
      weight_spectrum.emplace(
          ms, weight_column(ms, used_column, "WEIGHT_SPECTRUM", wall::kFirstSpectrum));
    }
  }

  void close() noexcept {
    const wall::TablesLock lock;
    data.reset();
    flag.reset();
    weight.reset();
    weight_spectrum.reset();
    uvw.reset();
    time.reset();
    interval.reset();
    exposure.reset();
    antenna1.reset();
    antenna2.reset();
    field.reset();
    scan.reset();
    time_centroid.reset();
    observation.reset();
    state.reset();
    flag_row.reset();
    ms = cc::Table();
  }

  std::string reading(const std::string& column, std::size_t first, std::size_t count) const {
    return "cannot read column " + column + " of '" + path + "', rows " + std::to_string(first) +
           " to " + std::to_string(first + count - 1) + " of the selection";
  }

  /// The first table row whose cell is missing or of another shape; empty when all are right.
  template <class T>
  std::optional<std::string> misfit(const ArraySource<T>& source, const cc::RefRows& rows,
                                    const cc::IPosition& shape) const {
    const cc::ColumnDesc& description = source.column.columnDesc();
    if (description.isFixedShape() && description.shape().isEqual(shape)) return std::nullopt;
    for (cc::RefRowsSliceIter slice(rows); !slice.pastEnd(); slice++) {
      for (cc::rownr_t row = slice.sliceStart(); row <= slice.sliceEnd(); ++row) {
        const std::string where = "column " + source.name + " of '" + path + "', row " +
                                  std::to_string(row) + " of the table, ";
        if (!source.column.isDefined(row)) return where + "is empty";
        const cc::IPosition found = source.column.shape(row);
        if (!found.isEqual(shape)) {
          return where + "has shape " + shape_text(found) + ", but its data description means " +
                 shape_text(shape) + " (correlations, channels)";
        }
      }
    }
    return std::nullopt;
  }

  /// Reads straight into `out`; T is the type in the table, U the same bytes in ours.
  template <class T, class U>
  void fill(const ArraySource<T>& source, const cc::RefRows& rows, const cc::IPosition& cell,
            std::vector<U>& out) const {
    static_assert(sizeof(T) == sizeof(U), "the table's values are read in place");
    const std::size_t count = rows.nrow();
    if (const auto wrong = misfit(source, rows, cell)) {
      throw Error(ErrorKind::input, *wrong, wall::kDamagedHint);
    }
    out.resize(static_cast<std::size_t>(cell.product()) * count);
    cc::IPosition shape(cell);
    shape.append(cc::IPosition(1, static_cast<ssize_t>(count)));
    cc::Array<T> target(shape, reinterpret_cast<T*>(out.data()), cc::SHARE);
    source.column.getColumnCells(rows, target, false);
  }

  /// The same for cells of samples, of which the selected channels of `window` are kept.
  template <class T, class U>
  void fill_channels(const ArraySource<T>& source, const cc::RefRows& rows,
                     const cc::IPosition& cell, std::size_t window, std::vector<U>& out) const {
    const std::vector<std::size_t>& wanted = channels[window];
    if (wanted.empty()) return fill(source, rows, cell, out);
    if (const auto wrong = misfit(source, rows, cell)) {
      throw Error(ErrorKind::input, *wrong, wall::kDamagedHint);
    }
    const auto corrs = static_cast<std::size_t>(cell[0]);
    const std::size_t span = wanted.back() - wanted.front() + 1;
    const cc::Slicer range(cc::IPosition(2, 0, static_cast<ssize_t>(wanted.front())),
                           cc::IPosition(2, cell[0], static_cast<ssize_t>(span)));
    out.resize(corrs * span * rows.nrow());
    cc::IPosition shape(2, cell[0], static_cast<ssize_t>(span));
    shape.append(cc::IPosition(1, static_cast<ssize_t>(rows.nrow())));
    cc::Array<T> target(shape, reinterpret_cast<T*>(out.data()), cc::SHARE);
    source.column.getColumnCells(rows, range, target, false);
    if (wanted.size() == span) return;
    // Channels move to lower places only, so that they may do so one after the other.
    std::size_t place = 0;
    for (std::size_t row = 0; row < rows.nrow(); ++row) {
      for (const std::size_t channel : wanted) {
        const std::size_t from = (row * span + channel - wanted.front()) * corrs;
        std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(from), corrs,
                    out.begin() + static_cast<std::ptrdiff_t>(place));
        place += corrs;
      }
    }
    out.resize(place);
  }

  template <class T, class U>
  void fill(const ScalarSource<T>& source, const cc::RefRows& rows, std::vector<U>& out) const {
    static_assert(sizeof(T) == sizeof(U), "the table's values are read in place");
    out.resize(rows.nrow());
    cc::Vector<T> target(cc::IPosition(1, static_cast<ssize_t>(out.size())),
                         reinterpret_cast<T*>(out.data()), cc::SHARE);
    source.column.getColumnCells(rows, target, false);
  }

  /// What is known of rows before they are read, and where they are in the table.
  cc::RefRows begin(std::size_t first, std::size_t count, Visibilities& out) const {
    if (ms.isNull()) {
      throw Error(ErrorKind::input, "the MeasurementSet '" + path + "' is closed already");
    }
    const MsSegment& segment = selection->segment_of(first);
    if (count == 0) throw Error(ErrorKind::input, "0 rows of '" + path + "' were asked for");
    const DataDescription& description =
        header->data_descriptions[static_cast<std::size_t>(segment.data_desc_id)];
    out.header = header;
    out.data_desc_id = segment.data_desc_id;
    out.ncorr = description.corr_types.size();
    out.nchan = header->spectral_windows[static_cast<std::size_t>(description.spectral_window)]
                    .chan_freq_hz.size();
    return selection->table_rows(first, std::min(count, segment.first + segment.count - first));
  }

  /// Calls fill() with an error that says what was read.
  auto filler(const cc::RefRows& rows, std::size_t first) const {
    return [this, &rows, first](const auto& source, auto&&... rest) {
      wall::guarded(reading(source.name, first, rows.nrow()), [&] { fill(source, rows, rest...); });
    };
  }

  void read_geometry(const cc::RefRows& rows, std::size_t first, Visibilities& out) const {
    const auto step = filler(rows, first);
    step(*time, out.time_s);
    step(*interval, out.interval_s);
    step(*exposure, out.exposure_s);
    step(*antenna1, out.antenna1);
    step(*antenna2, out.antenna2);
    step(*field, out.field_id);
    step(*scan, out.scan_number);
    step(*uvw, cc::IPosition(1, 3), out.uvw_m);
  }

  /// What only matters when rows are written again.
  void read_origin(const cc::RefRows& rows, std::size_t first, Visibilities& out) const {
    const auto step = filler(rows, first);
    if (time_centroid) step(*time_centroid, out.time_centroid_s);
    if (observation) step(*observation, out.observation_id);
    if (state) step(*state, out.state_id);
    // A centroid outside of its integration, such as the zero of some writers, says nothing.
    for (std::size_t row = 0; row < out.time_centroid_s.size(); ++row) {
      double& centroid_s = out.time_centroid_s[row];
      const bool inside = std::abs(centroid_s - out.time_s[row]) <= out.interval_s[row] / 2;
      if (!inside) centroid_s = out.time_s[row];
    }
    if (out.time_centroid_s == out.time_s) out.time_centroid_s.clear();
  }

  void read_samples(const cc::RefRows& rows, std::size_t first, Visibilities& out) const {
    const std::size_t count = rows.nrow();
    const auto step = filler(rows, first);
    const auto window = static_cast<std::size_t>(
        header->data_descriptions[static_cast<std::size_t>(out.data_desc_id)].spectral_window);
    const cc::IPosition cell(2, static_cast<ssize_t>(out.ncorr),
                             static_cast<ssize_t>(stored_channels[window]));
    const auto samples = [&](const auto& source, auto& into) {
      wall::guarded(reading(source.name, first, count),
                    [&] { fill_channels(source, rows, cell, window, into); });
    };
    const cc::IPosition per_corr(1, static_cast<ssize_t>(out.ncorr));
    samples(*data, out.data);
    samples(*flag, out.flag);
    step(*weight, per_corr, out.weight);
    if (weight_spectrum && wall::guarded(reading(weight_spectrum->name, first, count),
                                         [&] { return !misfit(*weight_spectrum, rows, cell); })) {
      samples(*weight_spectrum, out.weight_spectrum);
    }
    fold_flag_row(rows, first, out);
  }

  void fold_flag_row(const cc::RefRows& rows, std::size_t first, Visibilities& out) const {
    if (!flag_row) return;
    std::vector<std::uint8_t> bad;
    wall::guarded(reading(flag_row->name, first, rows.nrow()), [&] { fill(*flag_row, rows, bad); });
    const std::size_t cell = out.nchan * out.ncorr;
    for (std::size_t row = 0; row < bad.size(); ++row) {
      if (bad[row])
        std::fill_n(out.flag.begin() + static_cast<std::ptrdiff_t>(row * cell), cell, 1);
    }
  }
};

MsReader::MsReader(const Lane::Token&, const std::string& path, const MsSelection& selection)
    : impl_(std::make_unique<Impl>()) {
  impl_->open(path, selection);
}

MsReader::~MsReader() = default;
MsReader::MsReader(MsReader&&) noexcept = default;
MsReader& MsReader::operator=(MsReader&&) noexcept = default;

std::shared_ptr<const ObservationHeader> MsReader::header() const { return impl_->header; }
const std::string& MsReader::used_column() const { return impl_->used_column; }
const std::vector<std::string>& MsReader::notes() const { return impl_->notes; }
const std::vector<MsSegment>& MsReader::segments() const { return impl_->selection->segments(); }
std::uint64_t MsReader::rows_read() const { return impl_->rows_read; }
std::uint64_t MsReader::bytes_read() const { return impl_->bytes_read; }

Visibilities MsReader::read_geometry(const Lane::Token&, std::size_t first, std::size_t count) {
  Visibilities out;
  const cc::RefRows rows = impl_->begin(first, count, out);
  impl_->read_geometry(rows, first, out);
  return out;
}

Visibilities MsReader::read(const Lane::Token&, std::size_t first, std::size_t count) {
  Visibilities out;
  const cc::RefRows rows = impl_->begin(first, count, out);
  impl_->read_geometry(rows, first, out);
  impl_->read_origin(rows, first, out);
  impl_->read_samples(rows, first, out);
  impl_->rows_read += rows.nrow();
  impl_->bytes_read += out.bytes();
  return out;
}

void MsReader::close(const Lane::Token&) { impl_->close(); }
void MsReader::reopen(const Lane::Token&) { impl_->reopen(); }

}  // namespace skymill::radio
