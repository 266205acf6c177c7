// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/sky_frame.h>
#include <stages/uvh5_reader/uvh5_reader_stage.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

namespace skymill::radio {

namespace {

constexpr double kDoubtful = 0.05;  // of a baseline's length
constexpr double kContradiction = 0.5;

/// Bytes of a row of ours, at most.
std::size_t row_bytes(const Uvh5Header& header) {
  const std::size_t hands = header.polarizations.size();
  // data, flag and weight_spectrum; weight; times, uvw and numbers
  return header.channels() * hands * (8 + 1 + 4) + hands * 4 + 6 * 8 + 4 * 4;
}

SpectralWindow window_of(const Uvh5Header& header, const Uvh5Order& order) {
  SpectralWindow window;
  const auto subband = dsa110_subband(header);
  if (is_dsa110(header) && subband) {
    window.name = (*subband < 10 ? "sb0" : "sb") + std::to_string(*subband);
  } else {
    window.name = std::filesystem::path(header.path).stem().string();
  }
  for (const std::size_t channel : order.channel) {
    window.chan_freq_hz.push_back(header.freq_hz[channel]);
    window.chan_width_hz.push_back(header.width_hz[channel]);
  }
  window.ref_frequency_hz = window.chan_freq_hz.front();
  return window;
}

/// Puts into the run record how a data set was read: what direct reading took from the file.
void record_access(const Uvh5File& file, const Uvh5Access& access, const PipelineContext& ctx) {
  if (access.calls == 0 && access.plan.direct) return;  // not asked for
  ctx.record("access", {{"dataset", std::filesystem::path(file.header().path).filename().string() +
                                        ":" + access.name},
                        {"direct", access.plan.direct},
                        {"reason", access.plan.reason},
                        {"data_bytes", static_cast<std::int64_t>(access.data_bytes)},
                        {"index_bytes", static_cast<std::int64_t>(access.index_bytes)},
                        {"chunks", static_cast<std::int64_t>(access.chunks)},
                        {"calls", static_cast<std::int64_t>(access.calls)}});
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Schema<Uvh5ReaderParams> Uvh5ReaderStage::schema() {
  Schema<Uvh5ReaderParams> s{"Read visibilities of one observation from UVH5 files."};
  s.field("input", &Uvh5ReaderParams::input,
          "Files, folders of files or patterns such as 2025-10-02T06:30*_sb??.hdf5; a file for "
          "each subband")
      .required();
  s.field("observation", &Uvh5ReaderParams::observation,
          "The observation to take when there are several: the start of its first integration's "
          "time, such as 2025-10-02T06:30; empty expects one only");
  s.field("expect_subbands", &Uvh5ReaderParams::expect_subbands,
          "Number of subbands; none expects 16 of the DSA-110 and takes as many as found of others")
      .range(1, 4096);
  s.field("min_subbands", &Uvh5ReaderParams::min_subbands,
          "Fewest subbands to go on with when some are missing; none takes three quarters of those "
          "expected: 12 of 16")
      .range(1, 4096);
  s.field("missing", &Uvh5ReaderParams::missing,
          "What to do when subbands are missing: error ends the run; drop goes on without them; "
          "flag puts flagged windows in their place, so that calibration tables keep fitting. The "
          "last two call the result degraded")
      .choices({"error", "drop", "flag"});
  s.field("nsamples", &Uvh5ReaderParams::nsamples,
          "weight: samples weigh what nsamples says, those without are flagged; ignore: all weigh "
          "1, for files whose nsamples were never filled")
      .choices({"weight", "ignore"});
  s.field("assume_constant_flags", &Uvh5ReaderParams::assume_constant_flags,
          "Read flags and nsamples of the first and last row only and take them for all: two "
          "fifths less to read of the DSA-110, whose correlator writes constants");
  s.field("uvw", &Uvh5ReaderParams::uvw,
          "uvw of data phased to the meridian. derivative: computed for each integration's centre, "
          "with differential aberration; rigid: computed, of length 1, as CASA has them; file: as "
          "stored, in axes of another date. Of other data the stored uvw are taken")
      .choices({"derivative", "rigid", "file"});
  s.field("telescope", &Uvh5ReaderParams::telescope,
          "Name of the telescope; empty takes the files', DSA_110 for those of its correlator");
  s.field("autocorrelations", &Uvh5ReaderParams::autocorrelations,
          "Read rows of an antenna with itself as well");
  s.field("eop", &Uvh5ReaderParams::eop,
          "Table of Earth orientation, finals2000A or our own; empty looks in SKYMILL_EOP and "
          "share/skymill/eop");
  s.field("allow_stale_eop", &Uvh5ReaderParams::allow_stale_eop,
          "Take the nearest values when the table lacks the date, and call the result degraded");
  s.field("readers", &Uvh5ReaderParams::readers, "Pieces of subbands that are read at once")
      .range(1, 64)
      .tuning()
      .advanced();
  s.field("read_ahead", &Uvh5ReaderParams::read_ahead,
          "Pieces of each file that the system is asked to bring before they are wanted, so that "
          "the disk works while others compute")
      .range(0, 1000)
      .tuning()
      .advanced();
  s.field("integrations", &Uvh5ReaderParams::integrations, "Most integrations in a chunk")
      .range(1, 1e6)
      .tuning()
      .advanced();
  s.field("chunk_bytes", &Uvh5ReaderParams::chunk_bytes, "Most bytes of a chunk")
      .unit("B")
      .range(65536, 1e12)
      .tuning()
      .advanced();
  s.example("read:\n  use: uvh5_reader\n  input: incoming/2025-10-02T06:30*_sb??.hdf5",
            "the sixteen subbands of one observation of the DSA-110");
  return s;
}

Ports Uvh5ReaderStage::ports() {
  return Ports().out("out", Visibilities::kDataKind,
                     "some integrations of one subband after the other, in order of time");
}

void Uvh5ReaderStage::find_files() {
  const auto paths = find_uvh5_files(params_.input);
  group_ = open_observation(paths, params_.observation, params_.expect_subbands.value_or(0));
  if (group_.missing.empty()) return;
  const std::size_t there = group_.files.size(), expected = there + group_.missing.size();
  const std::string what = std::to_string(group_.missing.size()) + " of " +
                           std::to_string(expected) + " subbands are missing beside '" +
                           group_.files.front().header().path + "': " + listed(group_.missing);
  if (params_.missing == "error") {
    throw Error(ErrorKind::input, what, "set missing: drop or flag to go on without them");
  }
  const std::size_t least = params_.min_subbands.value_or((3 * expected + 3) / 4);
  if (there < least) {
    throw Error(ErrorKind::input, what,
                "min_subbands asks for " + std::to_string(least) + "; lower it to go on");
  }
  degradations_.push_back(what + (params_.missing == "flag" ? "; they are flagged" : ""));
}

void Uvh5ReaderStage::make_subbands() {
  for (std::size_t k = 0; k < group_.files.size(); ++k) {
    const Uvh5File& file = group_.files[k];
    Uvh5Order order(file.header());
    SpectralWindow window = window_of(file.header(), order);
    subbands_.push_back({std::move(window), std::move(order), k, 1});
    if (params_.assume_constant_flags) subbands_.back().weight = constant_weight(file);
  }
  if (params_.missing == "flag" && !group_.missing.empty()) add_missing_subbands();
}

/// Windows for subbands whose files are missing, where the correlator would have put them.
void Uvh5ReaderStage::add_missing_subbands() {
  if (group_.missing_subbands.empty()) {
    throw Error(ErrorKind::input,
                "the frequencies of the missing subbands are not known, so they cannot be flagged",
                "set missing: drop, or give all files");
  }
  const Subband model = subbands_.front();
  const int there = dsa110_subband(group_.files.front().header()).value();
  for (const int number : group_.missing_subbands) {
    Subband subband = model;
    subband.file.reset();
    subband.window.name = group_.missing[subbands_.size() - group_.files.size()];
    const double shift_hz = (there - number) * kDsa110SubbandHz;
    for (double& freq : subband.window.chan_freq_hz) freq += shift_hz;
    subband.window.ref_frequency_hz += shift_hz;
    subbands_.push_back(std::move(subband));
  }
  std::sort(subbands_.begin(), subbands_.end(), [](const Subband& a, const Subband& b) {
    return a.window.ref_frequency_hz < b.window.ref_frequency_hz;
  });
}

/// The weight of all samples by those of the first row and the last.
float Uvh5ReaderStage::constant_weight(const Uvh5File& file) const {
  Uvh5Cells cells;
  std::optional<float> weight;
  for (const std::size_t row : {std::size_t{0}, file.header().rows - 1}) {
    file.read_cells(row, 1, cells);
    if (!weight) weight = cells.nsamples.front();
    const auto refuse = [&](const std::string& what) {
      throw Error(ErrorKind::input,
                  "'" + file.header().path + "' has " + what + " in row " + std::to_string(row),
                  "leave out assume_constant_flags");
    };
    if (std::count(cells.flag.begin(), cells.flag.end(), 0) !=
        static_cast<std::ptrdiff_t>(cells.flag.size())) {
      refuse("flagged samples");
    }
    for (const float value : cells.nsamples) {
      if (value == *weight && value > 0 && std::isfinite(value)) continue;
      refuse("nsamples " + std::to_string(value) + " beside " + std::to_string(*weight));
    }
  }
  return params_.nsamples == "ignore" ? 1.0f : *weight;
}

void Uvh5ReaderStage::make_fields(ObservationHeader& header) {
  const Uvh5Header& first = group_.files.front().header();
  const std::vector<double>& times = group_.index.times_jd;
  if (first.phasing == Phasing::tracked) {
    for (const Uvh5PhaseCentre& centre : first.phase_centres) {
      header.fields.push_back({centre.name, centre.direction, mjd_seconds(times.front())});
    }
    return;
  }
  const EarthOrientation earth = EarthOrientation::find(params_.eop);
  if (first.phasing == Phasing::unprojected) {
    // The zenith is a label; nothing is computed from it.
    const double time_s = mjd_seconds(times.front());
    const auto policy = StalePolicy::nearest;
    const SkyFrame frame(time_s, first.position, earth.at(time_s, policy), policy);
    header.fields.push_back({"zenith", frame.icrs_of_zenith(), time_s});
    return;
  }
  meridian_.emplace(first, times, earth,
                    params_.uvw == "rigid" ? UvwKind::rigid : UvwKind::derivative,
                    params_.allow_stale_eop ? StalePolicy::nearest : StalePolicy::refuse);
  header.fields = meridian_->fields();
  if (!meridian_->degradation().empty()) degradations_.push_back(meridian_->degradation());
  const std::size_t rows = group_.index.ends.empty() ? 0 : group_.index.ends.front();
  const double departure = meridian_->departure(0, group_.files.front().read_rows(0, rows));
  if (departure < kDoubtful) return;
  const std::string what = "stored uvw of '" + first.path + "' are up to " +
                           format_quantity(100 * departure, "%") +
                           " of a baseline's length from what its antennas give on the meridian";
  if (departure > kContradiction) {
    throw Error(ErrorKind::input, what, "check antenna positions, declination and sense of uvw");
  }
  degradations_.push_back(what);
}

void Uvh5ReaderStage::make_header() {
  const Uvh5Header& first = group_.files.front().header();
  auto header = std::make_shared<ObservationHeader>();
  header->telescope = !params_.telescope.empty() ? params_.telescope
                      : is_dsa110(first)         ? "DSA_110"
                                                 : first.telescope_name;
  header->observer = first.instrument;
  header->project = first.object_name;
  header->source = params_.input.size() == 1 ? params_.input.front() : first.path;
  header->antennas = first.antennas;
  const std::size_t rows = params_.autocorrelations ? group_.index.rows : group_.index.crosses;
  for (const Subband& subband : subbands_) {
    header->data_descriptions.push_back(
        {static_cast<int>(header->spectral_windows.size()), subband.order.corr_types});
    header->spectral_windows.push_back(subband.window);
    header->rows_per_description.push_back(rows);
  }
  header->rows = rows * subbands_.size();
  if (header->rows == 0) {
    throw Error(ErrorKind::input, "'" + first.path + "' has autocorrelations only",
                "set autocorrelations: true to read them");
  }
  make_fields(*header);
  header->time_first_s = mjd_seconds(group_.index.times_jd.front());
  header->time_last_s = mjd_seconds(group_.index.times_jd.back());
  header->max_uvw_m = group_.index.max_uvw_m;
  header->phasing = first.phasing;
  header->pointing_dec_rad = first.pointing_dec_rad;
  header->position = first.position;
  header->uvw_sense = UvwSense::one_minus_two;  // append_rows() sees to it
  header_ = std::move(header);
}

/// Pieces in the order of time, all subbands of one piece of time after each other.
void Uvh5ReaderStage::cut(std::size_t chunk_bytes) {
  const std::size_t most = std::max<std::size_t>(1, chunk_bytes / piece_bytes());
  // Whole integrations where the rows are in order of time, else rows as they come.
  std::vector<Extent> bands;
  std::size_t first = 0, first_integration = 0;
  const std::vector<std::size_t>& ends = group_.index.ends;
  for (std::size_t k = 0; k < ends.size(); ++k) {
    const bool full = k + 1 == ends.size() || k + 1 - first_integration == params_.integrations ||
                      ends[k + 1] - first > most;
    if (!full) continue;
    bands.push_back({first, ends[k]});
    first = ends[k];
    first_integration = k + 1;
  }
  if (ends.empty()) bands.push_back({0, group_.index.rows});
  for (const Extent& band : bands) {
    for (const Extent& piece : split(band.size(), most)) {
      for (const bool there : {true, false}) {  // missing subbands copy the rows of others
        for (std::size_t k = 0; k < subbands_.size(); ++k) {
          if (subbands_[k].file.has_value() != there) continue;
          pieces_.push_back({k, band.begin + piece.begin, piece.size()});
        }
      }
      largest_rows_ = std::max(largest_rows_, piece.size());
    }
  }
}

/// Bytes of the longest row of a piece.
std::size_t Uvh5ReaderStage::piece_bytes() const {
  std::size_t bytes = 0;
  for (const Uvh5File& file : group_.files) bytes = std::max(bytes, row_bytes(file.header()));
  return bytes;
}

/// Bytes held beside the chunk that is handed on.
std::size_t Uvh5ReaderStage::reading_bytes(std::size_t threads) const {
  // Of each reader: cells as the file has them, and a chunk that waits for its turn.
  std::size_t bytes = 2 * params_.readers * largest_rows_ * piece_bytes();
  if (meridian_) bytes += meridian_->bytes();
  std::size_t space = 0;
  for (const Uvh5File& file : group_.files) {
    bytes += file.kept_bytes(largest_rows_);
    space = std::max(space, file.space_bytes(largest_rows_));
  }
  return bytes + std::min(threads, params_.readers) * space;
}

void Uvh5ReaderStage::plan(Planning& planning) {
  const PipelineContext& ctx = planning.context();
  find_files();
  for (const Uvh5File& file : group_.files) planning.add_input(file.header().path);
  make_subbands();
  make_header();
  cut(std::min(params_.chunk_bytes, std::max<std::size_t>(65536, ctx.memory().total() / 64)));

  PortSpec& out = planning.output();
  out.axes = {"row", "channel", "correlation"};
  out.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  out.properties["spectral_windows"] = static_cast<std::int64_t>(header_->spectral_windows.size());
  out.properties["telescope"] = header_->telescope;
  out.properties["phasing"] = std::string(header_->phasing == Phasing::tracked    ? "tracked"
                                          : header_->phasing == Phasing::meridian ? "meridian"
                                                                                  : "unprojected");
  out.chunk_bytes = largest_rows_ * piece_bytes();
  out.chunks = pieces_.size();
  out.set_header<ObservationHeader>(header_);
  planning.set_state(reading_bytes(static_cast<std::size_t>(ctx.threads())));
  planning.add_note(std::to_string(group_.files.size()) + " subbands of " +
                    std::to_string(group_.index.rows) + " rows, " +
                    std::to_string(group_.index.times_jd.size()) + " integrations from " +
                    iso_time(group_.index.times_jd.front()) + ", longest baseline " +
                    format_quantity(header_->max_uvw_m, "m"));
}

std::int32_t Uvh5ReaderStage::field_of(double time_jd, std::int32_t centre_id) const {
  const Uvh5Header& first = group_.files.front().header();
  if (first.phasing == Phasing::unprojected) return 0;
  if (first.phasing == Phasing::meridian) {
    const auto& times = group_.index.times_jd;
    // A time that is none of them is refused by require_rows(), which knows the files.
    const auto at = std::lower_bound(times.begin(), std::prev(times.end()), time_jd);
    return static_cast<std::int32_t>(at - times.begin());
  }
  for (std::size_t k = 0; k < first.phase_centres.size(); ++k) {
    if (first.phase_centres[k].id == centre_id) return static_cast<std::int32_t>(k);
  }
  throw Error(ErrorKind::input, "'" + first.path + "' has rows phased to the centre " +
                                    std::to_string(centre_id) +
                                    ", which its phase_center_catalog does not list");
}

/// Field, and uvw where they are computed, of all rows of a chunk.
void Uvh5ReaderStage::add_places(Reading& reading) const {
  const Uvh5Rows& rows = reading.rows;
  for (std::size_t row = 0; row < rows.time_jd.size(); ++row) {
    if (!params_.autocorrelations && rows.antenna1[row] == rows.antenna2[row]) continue;
    reading.chunk.field_id.push_back(field_of(rows.time_jd[row], rows.centre_id[row]));
  }
  if (!meridian_ || params_.uvw == "file") return;
  meridian_->append(reading.chunk);
}

Uvh5ReaderStage::Reading Uvh5ReaderStage::read(const Piece& piece, Uvh5Cells& cells) const {
  const Subband& subband = subbands_[piece.subband];
  const Uvh5File& file = group_.files[*subband.file];
  const bool computed = meridian_ && params_.uvw != "file";
  Reading reading;
  reading.piece = piece;
  reading.rows = file.read_rows(piece.first, piece.count, !computed);
  Uvh5Selection selection;
  selection.flags = !params_.assume_constant_flags;
  selection.nsamples = selection.flags && params_.nsamples != "ignore";
  file.read_cells(piece.first, piece.count, cells, selection);
  file.announce(params_.read_ahead * (cells.data.size() * sizeof(cells.data[0]) +
                                      cells.flag.size() + cells.nsamples.size() * sizeof(float)));
  reading.refused = append_rows(reading.rows, cells, subband.order, params_.autocorrelations,
                                reading.chunk, subband.weight);
  add_places(reading);
  return reading;
}

/// Flagged rows of a subband whose file is missing, like those of the first subband.
Uvh5ReaderStage::Reading Uvh5ReaderStage::blank(const Piece& piece) const {
  const Subband& subband = subbands_[piece.subband];
  Reading reading;
  reading.piece = piece;
  reading.rows = reference_;
  Uvh5Cells cells;
  const std::size_t number = piece.count * subband.order.channel.size() * subband.order.hand.size();
  cells.data.resize(number);
  cells.flag.assign(number, 1);
  append_rows(reading.rows, cells, subband.order, params_.autocorrelations, reading.chunk, 0);
  add_places(reading);
  return reading;
}

/// Holds the rows of all subbands to those of the first that is there.
void Uvh5ReaderStage::require_rows(const Reading& reading) {
  const Piece& piece = reading.piece;
  if (reference_.time_jd.empty() || reference_piece_.first != piece.first) {
    reference_piece_ = piece;
    reference_ = reading.rows;
    require_index(group_.index, group_.files[*subbands_[piece.subband].file], reference_,
                  piece.first);
    return;
  }
  require_same_rows(group_.files[*subbands_[reference_piece_.subband].file], reference_,
                    group_.files[*subbands_[piece.subband].file], reading.rows);
}

/// Reads the next pieces, several at once but one of a file, and puts them in order.
void Uvh5ReaderStage::read_pieces() {
  std::vector<Piece> pieces;
  while (pieces.size() < std::min(params_.readers, subbands_.size()) &&
         next_piece_ < pieces_.size()) {
    pieces.push_back(pieces_[next_piece_++]);
  }
  cells_.resize(params_.readers);
  std::vector<Reading> readings(pieces.size());
  tbb::parallel_for(std::size_t{0}, pieces.size(), [&](std::size_t k) {
    if (subbands_[pieces[k].subband].file) readings[k] = read(pieces[k], cells_[k]);
  });
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    if (subbands_[pieces[k].subband].file) {
      require_rows(readings[k]);
    } else {
      readings[k] = blank(pieces[k]);
    }
    readings[k].chunk.header = header_;
    readings[k].chunk.data_desc_id = static_cast<int>(pieces[k].subband);
    if (readings[k].chunk.rows() > 0) ready_.push_back(std::move(readings[k]));
  }
}

void Uvh5ReaderStage::conclude_reading(const PipelineContext& ctx) {
  concluded_ = true;
  if (next_row_ != header_->rows) {
    throw Error(ErrorKind::input,
                "'" + group_.files.front().header().path + "' has " + std::to_string(next_row_) +
                    " rows of two antennas in all subbands, where its first integration made " +
                    std::to_string(header_->rows) + " likely",
                "set autocorrelations: true");
  }
  std::uint64_t bytes = 0;
  for (const Uvh5File& file : group_.files) {
    bytes += file.bytes_read();
    ctx.record_input(file.header().path);
    for (const Uvh5Access& access : file.accesses()) record_access(file, access, ctx);
  }
  ctx.count("rows_read", static_cast<std::int64_t>(next_row_));
  ctx.count("bytes_read", static_cast<std::int64_t>(bytes));
  ctx.count("samples_without_weight", static_cast<std::int64_t>(refused_.without_weight));
  ctx.count("samples_not_finite", static_cast<std::int64_t>(refused_.not_finite));
  if (params_.assume_constant_flags) {
    for (const Subband& subband : subbands_) {
      if (!subband.file) continue;
      ctx.record("assumed_constant", {{"subband", subband.window.name},
                                      {"flags", std::int64_t{0}},
                                      {"nsamples", static_cast<double>(subband.weight)}});
    }
  }
  const std::size_t without = refused_.without_weight;
  if (2 * without > samples_) {
    degradations_.push_back(std::to_string(100 * without / samples_) +
                            " % of the samples are flagged because nsamples gives them no weight; "
                            "nsamples: ignore takes them nevertheless");
  }
  for (const std::string& reason : degradations_) ctx.degrade(reason);
  group_.files.clear();
}

std::optional<Chunk<Visibilities>> Uvh5ReaderStage::next(const PipelineContext& ctx) {
  while (ready_.empty() && next_piece_ < pieces_.size()) read_pieces();
  if (ready_.empty()) {
    if (!concluded_) conclude_reading(ctx);
    return std::nullopt;
  }
  Reading reading = std::move(ready_.front());
  ready_.pop_front();
  refused_ += reading.refused;
  samples_ += reading.chunk.data.size();
  const std::size_t first = next_row_;
  next_row_ += reading.chunk.rows();
  const std::size_t place = next_piece_ - ready_.size() - 1;
  return Chunk<Visibilities>(std::move(reading.chunk),
                             Span("row", first, next_row_).set("chunk", place, place + 1));
}

}  // namespace skymill::radio
