// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/ms/joined_windows.h>
#include <stages/ms/main_columns.h>
#include <stages/ms/main_table.h>
#include <stages/ms/ms_subtables.h>
#include <stages/ms/ms_writer.h>
#include <stages/ms/pending_rows.h>
#include <stages/ms/wall.h>
#include <stages/ms/written_samples.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace skymill::radio {

namespace cc = casacore;

namespace {

constexpr std::size_t kFillRows = 4096;  // of WEIGHT_SPECTRUM at a time, when it comes late

/// [row][corr] repeated for every channel: [row][chan][corr].
std::vector<float> spread(const std::vector<float>& weight, std::size_t ncorr, std::size_t nchan) {
  std::vector<float> result;
  result.reserve(weight.size() * nchan);
  for (std::size_t from = 0; from < weight.size(); from += ncorr) {
    const auto begin = weight.begin() + static_cast<std::ptrdiff_t>(from);
    for (std::size_t chan = 0; chan < nchan; ++chan) {
      result.insert(result.end(), begin, begin + static_cast<std::ptrdiff_t>(ncorr));
    }
  }
  return result;
}

/// Whether the weights of some row change along the channels, or are not its WEIGHT.
bool varies(const Visibilities& chunk) {
  auto value = chunk.weight_spectrum.begin();
  if (value == chunk.weight_spectrum.end()) return false;
  for (std::size_t row = 0; row < chunk.rows(); ++row) {
    const auto weight = chunk.weight.begin() + static_cast<std::ptrdiff_t>(row * chunk.ncorr);
    for (std::size_t chan = 0; chan < chunk.nchan; ++chan) {
      const auto end = value + static_cast<std::ptrdiff_t>(chunk.ncorr);
      if (!std::equal(value, end, weight)) return true;
      value = end;
    }
  }
  return false;
}

}  // namespace

std::size_t rows_of_integration(const Visibilities& chunk) {
  const auto next = std::find_if(chunk.time_s.begin(), chunk.time_s.end(),
                                 [&](double time_s) { return time_s != chunk.time_s.front(); });
  return next == chunk.time_s.end() ? 0 : static_cast<std::size_t>(next - chunk.time_s.begin());
}

struct MsWriter::Impl {
  std::string path;
  std::shared_ptr<const ObservationHeader> header;  ///< of the stream
  std::optional<wall::JoinedWindows> joined;
  std::optional<wall::PendingRows> pending;
  std::optional<wall::MainTable> table;
  std::vector<wall::CellShape> chunk_shapes;  ///< by the stream's data description
  cc::MeasurementSet ms;
  std::optional<wall::MainColumns> columns;
  wall::WrittenSamples samples;
  bool open = false;
  bool has_weight_spectrum = false;
  std::uint64_t rows = 0;
  std::vector<wall::TimeRange> times;  ///< by observation

  ~Impl() {
    if (open) abandon();
  }

  void abandon() noexcept {
    const wall::TablesLock lock;
    try {
      columns.reset();
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
    wall::guarded_write("cannot " + doing + " the MeasurementSet '" + path + "'", path, work);
  }

  void take_header(std::shared_ptr<const ObservationHeader> given, const MsLayout& layout) {
    if (!given) {
      throw Error(ErrorKind::input,
                  "the MeasurementSet '" + path + "' cannot be made without a header");
    }
    header = std::move(given);
    times.resize(std::max<std::size_t>(1, header->observations.size()));
    // The shapes of what comes are those of a table that keeps the windows apart.
    table.emplace(path, *header, layout, 0);
    chunk_shapes = table->shapes();
    if (!layout.join_windows) return;
    joined = wall::join_windows(path, *header);
    table.emplace(path, *joined->header, layout, joined->widest);
    pending.emplace(chunk_shapes.size(), chunk_shapes.front().ncorr);
  }

  void create(const MsLayout& layout) {
    open = true;  // from here on there is something to tidy up
    ms = table->make();
    wall::write_subtables(ms, joined ? *joined->header : *header, layout);
    columns.emplace(ms);
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::input, "rows for '" + path + "' do not fit: " + what);
  }

  void check(const Visibilities& chunk) const {
    const std::size_t count = chunk_shapes.size();
    if (chunk.data_desc_id < 0 || static_cast<std::size_t>(chunk.data_desc_id) >= count) {
      refuse("there is no data description " + std::to_string(chunk.data_desc_id));
    }
    const wall::CellShape shape = chunk_shapes[static_cast<std::size_t>(chunk.data_desc_id)];
    if (!(shape == wall::CellShape{chunk.ncorr, chunk.nchan})) {
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
    const auto size_if_any = [&](const char* name, std::size_t found, std::size_t wanted) {
      if (found != 0) size(name, found, wanted);
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
    size_if_any("weight_spectrum", chunk.weight_spectrum.size(), cells);
    size_if_any("time_centroid_s", chunk.time_centroid_s.size(), n);
    size_if_any("observation_id", chunk.observation_id.size(), n);
    size_if_any("state_id", chunk.state_id.size(), n);
    check_numbers("antenna", chunk.antenna1, header->antennas.size());
    check_numbers("antenna", chunk.antenna2, header->antennas.size());
    check_numbers("field", chunk.field_id, header->fields.size());
    check_numbers("observation", chunk.observation_id, times.size());
    check_numbers("state", chunk.state_id, std::max<std::size_t>(1, header->states.size()), -1);
  }

  void check_numbers(const char* what, const std::vector<std::int32_t>& numbers, std::size_t count,
                     std::int32_t least = 0) const {
    for (const std::int32_t number : numbers) {
      if (number < least || (number >= 0 && static_cast<std::size_t>(number) >= count)) {
        refuse("there is no " + std::string(what) + " " + std::to_string(number));
      }
    }
  }

  /// Adds the column, and fills the rows before `complete_rows`, whose WEIGHT stands.
  void add_weight_spectrum(std::uint64_t complete_rows) {
    const wall::TablesLock lock;  // it makes files and changes the table's description
    table->add_weight_spectrum(ms);
    columns->open_weight_spectrum(ms);
    has_weight_spectrum = true;
    for (std::uint64_t first = 0; first < complete_rows;) {
      const std::size_t most =
          static_cast<std::size_t>(std::min<std::uint64_t>(kFillRows, complete_rows - first));
      const std::vector<std::int32_t> numbers = columns->descriptions(first, most);
      const auto other = std::find_if(numbers.begin(), numbers.end(),
                                      [&](std::int32_t n) { return n != numbers.front(); });
      const auto count = static_cast<std::size_t>(other - numbers.begin());
      const wall::CellShape shape = table->shapes()[static_cast<std::size_t>(numbers.front())];
      columns->put_weight_spectrum(
          {first, count, shape.ncorr, 0, shape.nchan, true},
          spread(columns->weights(first, count), shape.ncorr, shape.nchan));
      first += count;
    }
  }

  void put_weight_spectrum(const wall::CellRange& range, const Visibilities& chunk) {
    columns->put_weight_spectrum(range, chunk.weight_spectrum.empty()
                                            ? spread(chunk.weight, chunk.ncorr, chunk.nchan)
                                            : chunk.weight_spectrum);
  }

  void append_apart(const Visibilities& chunk) {
    const wall::CellRange range{rows, chunk.rows(), chunk.ncorr, 0, chunk.nchan, true};
    if (!has_weight_spectrum && varies(chunk)) add_weight_spectrum(rows);
    ms.addRow(chunk.rows());
    columns->put_rows(rows, chunk, chunk.data_desc_id);
    columns->put_flag_rows(rows, wall::all_flagged(chunk));
    columns->put_weights(rows, chunk.ncorr, chunk.weight);
    columns->put_cells(range, chunk);
    samples.add(range, chunk.data);
    if (has_weight_spectrum) put_weight_spectrum(range, chunk);
    rows += chunk.rows();
  }

  /// The channels of one window in the rows from `first`.
  wall::CellRange slab(std::size_t window, std::uint64_t first, std::size_t count) const {
    const wall::CellShape shape = chunk_shapes[window];
    return {first,       count,
            shape.ncorr, joined->first_channel[window],
            shape.nchan, chunk_shapes.size() == 1};
  }

  /// Fills WEIGHT_SPECTRUM of rows that are not complete, for the windows that came before.
  void fill_pending_spectrum() {
    for (std::size_t window = 0; window < chunk_shapes.size(); ++window) {
      const std::size_t count = pending->brought(window);
      if (count == 0) continue;
      const wall::CellShape shape = chunk_shapes[window];
      columns->put_weight_spectrum(slab(window, pending->first(), count),
                                   spread(pending->weights(window), shape.ncorr, shape.nchan));
    }
  }

  void append_joined(const Visibilities& chunk) {
    const auto window = static_cast<std::size_t>(chunk.data_desc_id);
    if (!has_weight_spectrum && varies(chunk)) {
      add_weight_spectrum(pending->first());
      fill_pending_spectrum();
    }
    const auto place = pending->take(window, chunk, "rows for '" + path + "'");
    if (place.fresh > 0) {
      ms.addRow(place.fresh);
      columns->put_rows(rows, last_rows(chunk, place.fresh), 0);
      rows += place.fresh;
    }
    const wall::CellRange range = slab(window, place.first, chunk.rows());
    columns->put_cells(range, chunk);
    samples.add(range, chunk.data);
    if (has_weight_spectrum) put_weight_spectrum(range, chunk);
    if (pending->ready()) conclude_rows();
  }

  /// Completes the rows to which this was the last window.
  void conclude_rows() {
    if (!has_weight_spectrum && pending->varies()) {
      add_weight_spectrum(pending->first());
      fill_pending_spectrum();
    }
    const wall::PendingRows::Complete done = pending->complete();
    columns->put_flag_rows(done.first, done.all_bad);
    columns->put_weights(done.first, chunk_shapes.front().ncorr, done.weight);
  }

  /// What the columns of rows need of the last rows of a chunk.
  static Visibilities last_rows(const Visibilities& chunk, std::size_t count) {
    Visibilities last;
    const auto take = [&](auto& into, const auto& from, std::size_t per_row) {
      into.assign(from.end() - static_cast<std::ptrdiff_t>(count * per_row), from.end());
    };
    take(last.time_s, chunk.time_s, 1);
    take(last.interval_s, chunk.interval_s, 1);
    take(last.exposure_s, chunk.exposure_s, 1);
    take(last.antenna1, chunk.antenna1, 1);
    take(last.antenna2, chunk.antenna2, 1);
    take(last.field_id, chunk.field_id, 1);
    take(last.scan_number, chunk.scan_number, 1);
    const auto take_if_any = [&](auto& into, const auto& from) {
      if (!from.empty()) take(into, from, 1);
    };
    take_if_any(last.time_centroid_s, chunk.time_centroid_s);
    take_if_any(last.observation_id, chunk.observation_id);
    take_if_any(last.state_id, chunk.state_id);
    take(last.uvw_m, chunk.uvw_m, 3);
    return last;
  }

  void append(const Visibilities& chunk) {
    if (joined) {
      append_joined(chunk);
    } else {
      append_apart(chunk);
    }
    for (std::size_t row = 0; row < chunk.rows(); ++row) {
      const double half_s = chunk.interval_s[row] / 2;
      const auto run = chunk.observation_id.empty() ? 0 : chunk.observation_id[row];
      times[static_cast<std::size_t>(run)].take(chunk.time_s[row] - half_s,
                                                chunk.time_s[row] + half_s);
    }
  }

  void require_complete() const {
    if (!pending || pending->empty()) return;
    std::string text;
    for (std::size_t window = 0; window < chunk_shapes.size(); ++window) {
      text += (window ? ", " : "") + std::to_string(pending->first() + pending->brought(window));
    }
    refuse("the windows that were to be joined brought " + text + " rows, by data description");
  }
};

MsWriter::MsWriter(const Lane::Token&, const std::string& path,
                   std::shared_ptr<const ObservationHeader> header, const MsLayout& layout)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->take_header(std::move(header), layout);
  wall::require_absent(path);
  const wall::TablesLock lock;
  impl_->step("make", [&] { impl_->create(layout); });
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
  impl_->step("write " + std::to_string(chunk.rows()) + " rows after row " +
                  std::to_string(impl_->rows) + " of",
              [&] { impl_->append(chunk); });
}

void MsWriter::finish(const Lane::Token&) {
  if (!impl_->open) return;
  impl_->require_complete();
  const wall::TablesLock lock;
  impl_->step("finish", [&] {
    wall::write_time_ranges(impl_->ms, impl_->times);
    impl_->samples.write(impl_->ms);
    impl_->columns.reset();
    impl_->ms.flush(true);
    impl_->ms = cc::MeasurementSet();
    impl_->open = false;
  });
}

}  // namespace skymill::radio
