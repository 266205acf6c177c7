// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/measurement_set/ms_reader_stage.h>

#include <algorithm>
#include <filesystem>

namespace skymill::radio {

namespace {

std::size_t row_bytes(const ObservationHeader& header, int data_desc_id) {
  const auto& description = header.data_descriptions.at(static_cast<std::size_t>(data_desc_id));
  const auto& window =
      header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
  const std::size_t ncorr = description.corr_types.size();
  const std::size_t cells = window.chan_freq_hz.size() * ncorr;
  // data, flag and weight_spectrum; weight; times, uvw and numbers
  return cells * (8 + 1 + 4) + ncorr * 4 + 6 * 8 + 4 * 4;
}

/// What several sets must share to be read as one. @throws Error (input)
void require_same_array(const ObservationHeader& first, const ObservationHeader& other) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::input,
                "'" + first.source + "' and '" + other.source + "' differ in their " + what,
                "read together only what one array saw of one field");
  };
  if (first.antennas.size() != other.antennas.size()) refuse("number of antennas");
  for (std::size_t k = 0; k < first.antennas.size(); ++k) {
    if (first.antennas[k].name != other.antennas[k].name) refuse("antennas");
  }
  if (first.fields.size() != other.fields.size()) refuse("number of fields");
  for (std::size_t k = 0; k < first.fields.size(); ++k) {
    const Direction& a = first.fields[k].phase_dir;
    const Direction& b = other.fields[k].phase_dir;
    if (a.ra_rad != b.ra_rad || a.dec_rad != b.dec_rad || a.frame != b.frame) {
      refuse("phase centres");
    }
  }
}

}  // namespace

Schema<MsReaderParams> MsReaderStage::schema() {
  Schema<MsReaderParams> s{"Read visibilities from a MeasurementSet."};
  s.field("input", &MsReaderParams::input,
          "The MeasurementSet, or a list of them: windows of one array and field")
      .required();
  s.field("datacolumn", &MsReaderParams::datacolumn,
          "Column to read; corrected falls back to data where there is none")
      .choices({"corrected", "data", "model"});
  s.field("field", &MsReaderParams::field,
          "Fields by number or name, 2~4 or J10*; empty takes all");
  s.field("spw", &MsReaderParams::spw,
          "Spectral windows by number, name or frequency, with channels: 0:5~61;70~80, "
          "*:1.42~1.43GHz; empty takes all");
  s.field("scan", &MsReaderParams::scan, "Scans by number, 2~4; empty takes all");
  s.field("antenna", &MsReaderParams::antenna,
          "Antennas and baselines, A&B, !A, A&&A for autocorrelations; empty takes all");
  s.field("uvrange", &MsReaderParams::uvrange,
          "Projected baselines, >50m, 0.1~5km, <20klambda; empty takes all");
  s.field("timerange", &MsReaderParams::timerange,
          "Times, 2014/04/22/10:00:00~11:30:00; empty takes all");
  s.field("intent", &MsReaderParams::intent, "Intents, *TARGET*; empty takes all");
  s.field("autocorrelations", &MsReaderParams::autocorrelations,
          "Read rows of an antenna with itself as well");
  s.field("chunk_bytes", &MsReaderParams::chunk_bytes, "Size of a chunk")
      .unit("B")
      .range(65536, 1e12)
      .tuning()
      .advanced();
  return s;
}

Ports MsReaderStage::ports() {
  return Ports().out("out", Visibilities::kDataKind, "rows in the order of the table");
}

void MsReaderStage::join_headers() {
  auto joined = std::make_shared<ObservationHeader>(*inputs_.front().reader->header());
  joined->rows = 0;
  joined->rows_per_description.clear();
  joined->spectral_windows.clear();
  joined->data_descriptions.clear();
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    Input& input = inputs_[k];
    const ObservationHeader& one = *input.reader->header();
    require_same_array(*joined, one);
    const int first_window = static_cast<int>(joined->spectral_windows.size());
    input.first_description = static_cast<int>(joined->data_descriptions.size());
    joined->spectral_windows.insert(joined->spectral_windows.end(), one.spectral_windows.begin(),
                                    one.spectral_windows.end());
    for (DataDescription description : one.data_descriptions) {
      description.spectral_window += first_window;
      joined->data_descriptions.push_back(std::move(description));
    }
    joined->rows_per_description.resize(joined->data_descriptions.size(), 0);
    for (const MsSegment& segment : input.reader->segments()) {
      joined->rows += segment.count;
      joined->rows_per_description[static_cast<std::size_t>(input.first_description +
                                                            segment.data_desc_id)] = segment.count;
    }
    joined->time_first_s = std::min(joined->time_first_s, one.time_first_s);
    joined->time_last_s = std::max(joined->time_last_s, one.time_last_s);
    if (one.uvw_sense != joined->uvw_sense) joined->uvw_sense = UvwSense::unknown;
    joined->max_uvw_m = std::max(joined->max_uvw_m, one.max_uvw_m);
  }
  if (joined->rows == 0) {
    throw Error(ErrorKind::input, "the selection from '" + params_.input.front() + "' has no rows",
                "look at field, spw, scan, antenna, uvrange, timerange, intent and "
                "autocorrelations");
  }
  header_ = std::move(joined);
}

std::size_t MsReaderStage::cut(std::size_t chunk_bytes) {
  std::size_t largest_bytes = 0;
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    const ObservationHeader& one = *inputs_[k].reader->header();
    for (const MsSegment& segment : inputs_[k].reader->segments()) {
      const std::size_t bytes = row_bytes(one, segment.data_desc_id);
      const std::size_t rows = std::max<std::size_t>(1, chunk_bytes / bytes);
      for (const Extent& piece : split(segment.count, rows)) {
        pieces_.push_back({k, segment.first + piece.begin, piece.size()});
        largest_bytes = std::max(largest_bytes, piece.size() * bytes);
      }
    }
  }
  return largest_bytes;
}

void MsReaderStage::plan(Planning& planning) {
  // One lane for a table under any of its names; the sets of a list share that of the first.
  std::error_code code;
  const auto canonical = std::filesystem::canonical(params_.input.front(), code);
  const std::string lane = "table:" + (code ? params_.input.front() : canonical.string());
  planning.set_lane(lane);
  const PipelineContext& ctx = planning.context();
  for (const std::string& path : params_.input) {
    planning.add_input(path);
    ctx.lanes().get(lane)->run([&](const Lane::Token& token) {
      inputs_.push_back(
          {std::make_unique<MsReader>(token, path, selection_of(params_, params_.datacolumn)), 0});
    });
    for (const std::string& note : inputs_.back().reader->notes()) {
      ctx.log().info("'" + path + "': " + note);
    }
  }
  join_headers();

  PortSpec& out = planning.output();
  out.axes = {"row", "channel", "correlation"};
  out.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  out.properties["spectral_windows"] = static_cast<std::int64_t>(header_->spectral_windows.size());
  out.properties["telescope"] = header_->telescope;
  out.properties["datacolumn"] = inputs_.front().reader->used_column();
  out.chunk_bytes =
      cut(std::min(params_.chunk_bytes, std::max<std::size_t>(65536, ctx.memory().total() / 32)));
  out.chunks = pieces_.size();
  out.set_header<ObservationHeader>(header_);
  planning.add_note(std::to_string(header_->rows) + " rows of " + header_->telescope + ", column " +
                    inputs_.front().reader->used_column() + ", longest baseline " +
                    format_quantity(header_->max_uvw_m, "m"));
}

std::optional<Chunk<Visibilities>> MsReaderStage::next(const PipelineContext& ctx) {
  if (next_piece_ == pieces_.size()) {
    for (Input& input : inputs_) {
      ctx.count("rows_read", static_cast<std::int64_t>(input.reader->rows_read()));
      ctx.count("bytes_read", static_cast<std::int64_t>(input.reader->bytes_read()));
      input.reader->close(ctx.lane_token());
    }
    return std::nullopt;
  }
  const std::size_t place = next_piece_++;
  const Piece piece = pieces_[place];
  Input& input = inputs_[piece.input];
  Visibilities rows = input.reader->read(ctx.lane_token(), piece.first, piece.count);
  rows.header = header_;
  rows.data_desc_id += input.first_description;
  if (rows.rows() != piece.count) {
    throw Error(ErrorKind::input, "'" + params_.input[piece.input] + "' gave " +
                                      std::to_string(rows.rows()) + " rows where " +
                                      std::to_string(piece.count) + " were announced");
  }
  return Chunk<Visibilities>(
      std::move(rows),
      Span("row", piece.first, piece.first + piece.count).set("chunk", place, place + 1));
}

}  // namespace skymill::radio
