// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/sky_frame.h>
#include <stages/uvh5_reader/uvh5_reader_stage.h>

#include <algorithm>
#include <filesystem>

namespace skymill::radio {

namespace {

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
  s.field("missing", &Uvh5ReaderParams::missing,
          "What to do when subbands are missing: error ends the run, drop goes on without them and "
          "calls the result degraded")
      .choices({"error", "drop"});
  s.field("nsamples", &Uvh5ReaderParams::nsamples,
          "weight: samples weigh what nsamples says, those without are flagged; ignore: all weigh "
          "1, for files whose nsamples were never filled")
      .choices({"weight", "ignore"});
  s.field("telescope", &Uvh5ReaderParams::telescope,
          "Name of the telescope; empty takes the files', DSA_110 for those of its correlator");
  s.field("autocorrelations", &Uvh5ReaderParams::autocorrelations,
          "Read rows of an antenna with itself as well");
  s.field("eop", &Uvh5ReaderParams::eop,
          "Table of Earth orientation, finals2000A or our own; empty looks in SKYMILL_EOP and "
          "share/skymill/eop");
  s.field("stale_eop", &Uvh5ReaderParams::stale_eop,
          "Take the nearest values when the table lacks the date, and call the result degraded");
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

std::vector<Field> Uvh5ReaderStage::make_fields() {
  const Uvh5Header& first = group_.files.front().header();
  std::vector<Field> fields;
  if (first.phasing == Phasing::tracked) {
    for (const Uvh5PhaseCentre& centre : first.phase_centres) {
      fields.push_back({centre.name, centre.direction, mjd_seconds(group_.index.times_jd.front())});
    }
    return fields;
  }
  const EarthOrientation earth = EarthOrientation::find(params_.eop);
  const bool meridian = first.phasing == Phasing::meridian;
  // Of unprojected data the zenith is a label; nothing is computed from it.
  const auto policy = params_.stale_eop || !meridian ? StalePolicy::nearest : StalePolicy::refuse;
  const std::size_t count = meridian ? group_.index.times_jd.size() : 1;
  for (std::size_t k = 0; k < count; ++k) {
    const double time_s = mjd_seconds(group_.index.times_jd[k]);
    const Orientation orientation = earth.at(time_s, policy);
    if (!orientation.degradation.empty() && k == 0 && meridian) {
      degradations_.push_back(orientation.degradation);
    }
    const SkyFrame frame(time_s, first.position, orientation, policy);
    Field field;
    field.name = meridian ? "meridian_icrs_t" + std::to_string(k) : "zenith";
    field.phase_dir = meridian ? frame.icrs_of(0, first.pointing_dec_rad) : frame.icrs_of_zenith();
    field.time_s = time_s;
    fields.push_back(std::move(field));
  }
  return fields;
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
  for (const Uvh5File& file : group_.files) {
    orders_.emplace_back(file.header());
    header->data_descriptions.push_back(
        {static_cast<int>(header->spectral_windows.size()), orders_.back().corr_types});
    header->spectral_windows.push_back(window_of(file.header(), orders_.back()));
    header->rows_per_description.push_back(rows);
  }
  header->rows = rows * group_.files.size();
  if (header->rows == 0) {
    throw Error(ErrorKind::input, "'" + first.path + "' has autocorrelations only",
                "set autocorrelations: true to read them");
  }
  header->fields = make_fields();
  header->time_first_s = mjd_seconds(group_.index.times_jd.front());
  header->time_last_s = mjd_seconds(group_.index.times_jd.back());
  header->max_uvw_m = group_.index.max_uvw_m;
  header->phasing = first.phasing;
  header->pointing_dec_rad = first.pointing_dec_rad;
  header->position = first.position;
  header->uvw_sense = UvwSense::one_minus_two;  // append_rows() sees to it
  header_ = std::move(header);
}

void Uvh5ReaderStage::cut(std::size_t chunk_bytes) {
  std::size_t bytes = 0;
  for (const Uvh5File& file : group_.files) bytes = std::max(bytes, row_bytes(file.header()));
  const std::size_t most = std::max<std::size_t>(1, chunk_bytes / bytes);
  // Whole integrations where the rows are in order of time, else rows as they come.
  std::vector<Extent> bands;
  std::size_t first = 0;
  const std::vector<std::size_t>& ends = group_.index.ends;
  for (std::size_t k = 0; k < ends.size(); ++k) {
    const bool full =
        k + 1 == ends.size() || (k + 1) % params_.integrations == 0 || ends[k + 1] - first > most;
    if (!full) continue;
    bands.push_back({first, ends[k]});
    first = ends[k];
  }
  if (ends.empty()) bands.push_back({0, group_.index.rows});
  for (const Extent& band : bands) {
    for (std::size_t subband = 0; subband < group_.files.size(); ++subband) {
      for (const Extent& piece : split(band.size(), most)) {
        pieces_.push_back({subband, band.begin + piece.begin, piece.size()});
        largest_rows_ = std::max(largest_rows_, piece.size());
      }
    }
  }
}

void Uvh5ReaderStage::plan(Planning& planning) {
  const PipelineContext& ctx = planning.context();
  const auto paths = find_uvh5_files(params_.input);
  group_ = open_observation(paths, params_.observation, params_.expect_subbands.value_or(0));
  for (const Uvh5File& file : group_.files) planning.add_input(file.header().path);
  if (!group_.missing.empty()) {
    const std::string what = std::to_string(group_.missing.size()) + " of " +
                             std::to_string(group_.missing.size() + group_.files.size()) +
                             " subbands are missing beside '" + group_.files.front().header().path +
                             "': " + listed(group_.missing);
    if (params_.missing == "error") {
      throw Error(ErrorKind::input, what, "set missing: drop to go on without them");
    }
    degradations_.push_back(what);
  }
  make_header();
  cut(std::min(params_.chunk_bytes, std::max<std::size_t>(65536, ctx.memory().total() / 64)));

  std::size_t bytes = 0;
  for (const Uvh5File& file : group_.files) bytes = std::max(bytes, row_bytes(file.header()));
  PortSpec& out = planning.output();
  out.axes = {"row", "channel", "correlation"};
  out.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  out.properties["spectral_windows"] = static_cast<std::int64_t>(header_->spectral_windows.size());
  out.properties["telescope"] = header_->telescope;
  out.properties["phasing"] = std::string(header_->phasing == Phasing::tracked    ? "tracked"
                                          : header_->phasing == Phasing::meridian ? "meridian"
                                                                                  : "unprojected");
  out.chunk_bytes = largest_rows_ * bytes;
  out.chunks = pieces_.size();
  out.set_header<ObservationHeader>(header_);
  planning.set_state(largest_rows_ * bytes);  // cells as the file has them
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
    return static_cast<std::int32_t>(std::lower_bound(times.begin(), times.end(), time_jd) -
                                     times.begin());
  }
  for (std::size_t k = 0; k < first.phase_centres.size(); ++k) {
    if (first.phase_centres[k].id == centre_id) return static_cast<std::int32_t>(k);
  }
  throw Error(ErrorKind::input, "'" + first.path + "' has rows phased to the centre " +
                                    std::to_string(centre_id) +
                                    ", which its phase_center_catalog does not list");
}

void Uvh5ReaderStage::conclude_reading(const PipelineContext& ctx) {
  std::uint64_t bytes = 0;
  for (const Uvh5File& file : group_.files) {
    bytes += file.bytes_read();
    ctx.record_input(file.header().path);
  }
  ctx.count("rows_read", static_cast<std::int64_t>(next_row_));
  ctx.count("bytes_read", static_cast<std::int64_t>(bytes));
  ctx.count("samples_without_weight", static_cast<std::int64_t>(refused_));
  if (2 * refused_ > samples_) {
    degradations_.push_back(std::to_string(100 * refused_ / samples_) +
                            " % of the samples are flagged because nsamples gives them no weight; "
                            "nsamples: ignore takes them nevertheless");
  }
  for (const std::string& reason : degradations_) ctx.degrade(reason);
  group_.files.clear();
}

std::optional<Chunk<Visibilities>> Uvh5ReaderStage::next(const PipelineContext& ctx) {
  while (next_piece_ < pieces_.size()) {
    const std::size_t place = next_piece_++;
    const Piece piece = pieces_[place];
    const Uvh5File& file = group_.files[piece.subband];
    const Uvh5Rows rows = file.read_rows(piece.first, piece.count);
    file.read_cells(piece.first, piece.count, cells_);
    if (params_.nsamples == "ignore") {
      std::fill(cells_.nsamples.begin(), cells_.nsamples.end(), 1.0f);
    }
    Visibilities chunk;
    chunk.header = header_;
    chunk.data_desc_id = static_cast<int>(piece.subband);
    const std::size_t number = cells_.data.size();
    chunk.data.reserve(number);
    chunk.flag.reserve(number);
    chunk.weight_spectrum.reserve(number);
    samples_ += number;
    refused_ += append_rows(rows, cells_, orders_[piece.subband], params_.autocorrelations, chunk);
    for (std::size_t row = 0; row < rows.time_jd.size(); ++row) {
      if (!params_.autocorrelations && rows.antenna1[row] == rows.antenna2[row]) continue;
      chunk.field_id.push_back(field_of(rows.time_jd[row], rows.centre_id[row]));
    }
    if (chunk.rows() == 0) continue;
    if (chunk.weight_spectrum.empty()) std::vector<float>().swap(chunk.weight_spectrum);
    const std::size_t first = next_row_;
    next_row_ += chunk.rows();
    return Chunk<Visibilities>(std::move(chunk),
                               Span("row", first, next_row_).set("chunk", place, place + 1));
  }
  if (!group_.files.empty()) conclude_reading(ctx);
  return std::nullopt;
}

}  // namespace skymill::radio
