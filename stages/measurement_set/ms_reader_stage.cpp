// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/measurement_set/ms_reader_stage.h>
#include <stages/ms/table_lane.h>

#include <algorithm>

namespace skymill::radio {

namespace {

std::size_t row_bytes(const ObservationHeader& header, int data_desc_id) {
  const auto& description = header.data_descriptions.at(static_cast<std::size_t>(data_desc_id));
  const auto& window =
      header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
  const std::size_t ncorr = description.corr_types.size();
  const std::size_t cells = window.chan_freq_hz.size() * ncorr;
  // data, flag and weight_spectrum; weight; times, uvw and numbers
  return cells * (8 + 1 + 4) + ncorr * 4 + 7 * 8 + 6 * 4;
}

}  // namespace

Schema<MsReaderParams> MsReaderStage::schema() {
  Schema<MsReaderParams> s{"Read visibilities from a MeasurementSet."};
  s.field("input", &MsReaderParams::input,
          "The MeasurementSet, or a list of them in any order, of one telescope: they are read in "
          "the order of their times, and may overlap in time only where their windows differ")
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
  return Ports().out(
      "out", Visibilities::kDataKind,
      "rows in the order of their windows and of the table, one set after the other");
}

void MsReaderStage::join_headers() {
  std::vector<std::shared_ptr<const ObservationHeader>> headers;
  for (const auto& reader : inputs_) headers.push_back(reader->header());
  joined_ = join_observations(headers);
  if (joined_.header->rows == 0) {
    throw Error(ErrorKind::input, "the selection from '" + params_.input.front() + "' has no rows",
                "look at field, spw, scan, antenna, uvrange, timerange, intent and "
                "autocorrelations");
  }
}

std::size_t MsReaderStage::cut(std::size_t chunk_bytes) {
  std::size_t largest_bytes = 0;
  for (const std::size_t k : joined_.order) {
    const ObservationHeader& one = *inputs_[k]->header();
    for (const MsSegment& segment : inputs_[k]->segments()) {
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
  const std::string lane = table_lane(params_.input.front());
  planning.set_lane(lane);
  const PipelineContext& ctx = planning.context();
  for (const std::string& path : params_.input) {
    planning.add_input(path);
    ctx.lanes().get(lane)->run([&](const Lane::Token& token) {
      inputs_.push_back(
          std::make_unique<MsReader>(token, path, selection_of(params_, params_.datacolumn)));
      // Many sets would need too many open files; one is not read twice.
      if (params_.input.size() > 1) inputs_.back()->close(token);
    });
    for (const std::string& note : inputs_.back()->notes()) {
      ctx.log().info("'" + path + "': " + note);
    }
  }
  join_headers();

  PortSpec& out = planning.output();
  out.axes = {"row", "channel", "correlation"};
  out.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  out.properties["spectral_windows"] =
      static_cast<std::int64_t>(joined_.header->spectral_windows.size());
  out.properties["telescope"] = joined_.header->telescope;
  out.properties["datacolumn"] = inputs_.front()->used_column();
  out.chunk_bytes =
      cut(std::min(params_.chunk_bytes, std::max<std::size_t>(65536, ctx.memory().total() / 32)));
  out.chunks = pieces_.size();
  out.set_header<ObservationHeader>(joined_.header);
  planning.add_note(std::to_string(joined_.header->rows) + " rows of " + joined_.header->telescope +
                    ", column " + inputs_.front()->used_column() + ", longest baseline " +
                    format_quantity(joined_.header->max_uvw_m, "m"));
}

std::optional<Chunk<Visibilities>> MsReaderStage::next(const PipelineContext& ctx) {
  const auto input_of = [&](std::size_t place) { return pieces_[place].input; };
  if (next_piece_ > 0 &&
      (next_piece_ == pieces_.size() || input_of(next_piece_) != input_of(next_piece_ - 1))) {
    inputs_[input_of(next_piece_ - 1)]->close(ctx.lane_token());
  }
  if (next_piece_ == pieces_.size()) {
    for (const auto& reader : inputs_) {
      ctx.count("rows_read", static_cast<std::int64_t>(reader->rows_read()));
      ctx.count("bytes_read", static_cast<std::int64_t>(reader->bytes_read()));
    }
    return std::nullopt;
  }
  const std::size_t place = next_piece_++;
  const Piece piece = pieces_[place];
  if (place == 0 || input_of(place - 1) != piece.input) {
    inputs_[piece.input]->reopen(ctx.lane_token());
  }
  Visibilities rows = inputs_[piece.input]->read(ctx.lane_token(), piece.first, piece.count);
  renumber(rows, joined_.numbers[piece.input], *joined_.header);
  rows.header = joined_.header;
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
