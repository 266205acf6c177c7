// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/measurement_set/ms_reader_stage.h>

#include <algorithm>
#include <filesystem>

namespace skymill::radio {

namespace {

std::size_t row_bytes(const ObservationHeader& header, int data_desc_id) {
  const auto& description =
      header.data_descriptions.at(static_cast<std::size_t>(data_desc_id));
  const auto& window =
      header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
  const std::size_t ncorr = description.corr_types.size();
  const std::size_t cells = window.chan_freq_hz.size() * ncorr;
  // data, flag and weight_spectrum; weight; times, uvw and numbers
  return cells * (8 + 1 + 4) + ncorr * 4 + 6 * 8 + 4 * 4;
}

}  // namespace

Schema<MsReaderParams> MsReaderStage::schema() {
  Schema<MsReaderParams> s{"Read visibilities from a MeasurementSet."};
  s.field("input", &MsReaderParams::input, "The MeasurementSet").required();
  s.field("datacolumn", &MsReaderParams::datacolumn,
          "Column to read; corrected falls back to data where there is none")
      .choices({"corrected", "data", "model"});
  s.field("field", &MsReaderParams::field, "Fields by number or name, 2~4 or J10*; empty takes all");
  s.field("spw", &MsReaderParams::spw, "Spectral windows by number; empty takes all");
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

void MsReaderStage::select(const ObservationHeader& header) {
  for (const std::size_t window : params_.spw) {
    if (window < header.spectral_windows.size()) continue;
    throw Error(ErrorKind::description,
                "'" + params_.input + "' has no spectral window " + std::to_string(window) +
                    "; it has " + std::to_string(header.spectral_windows.size()));
  }
  const auto wanted = [&](const MsSegment& segment) {
    if (params_.spw.empty()) return true;
    const auto window = static_cast<std::size_t>(
        header.data_descriptions.at(static_cast<std::size_t>(segment.data_desc_id)).spectral_window);
    return std::find(params_.spw.begin(), params_.spw.end(), window) != params_.spw.end();
  };
  std::copy_if(reader_->segments().begin(), reader_->segments().end(),
               std::back_inserter(segments_), wanted);
  auto selected = std::make_shared<ObservationHeader>(header);
  selected->rows = 0;
  std::fill(selected->rows_per_description.begin(), selected->rows_per_description.end(), 0);
  for (const MsSegment& segment : segments_) {
    selected->rows += segment.count;
    selected->rows_per_description.at(static_cast<std::size_t>(segment.data_desc_id)) =
        segment.count;
  }
  if (selected->rows == 0) {
    throw Error(ErrorKind::input, "the selection from '" + params_.input + "' has no rows",
                "look at field, spw and autocorrelations");
  }
  header_ = std::move(selected);
}

void MsReaderStage::cut(std::size_t chunk_bytes, std::size_t& largest_bytes) {
  for (const MsSegment& segment : segments_) {
    const std::size_t bytes = row_bytes(*header_, segment.data_desc_id);
    const std::size_t rows = std::max<std::size_t>(1, chunk_bytes / bytes);
    for (const Extent& piece : split(segment.count, rows)) {
      pieces_.push_back({segment.first + piece.begin, piece.size()});
      largest_bytes = std::max(largest_bytes, piece.size() * bytes);
    }
  }
}

void MsReaderStage::plan(Planning& planning) {
  // One lane for a table under any of its names.
  std::error_code code;
  const auto canonical = std::filesystem::canonical(params_.input, code);
  const std::string lane = "table:" + (code ? params_.input : canonical.string());
  planning.set_lane(lane);
  planning.add_input(params_.input);
  const PipelineContext& ctx = planning.context();
  ctx.lanes().get(lane)->run([&](const Lane::Token& token) {
    MsSelection selection;
    selection.datacolumn = params_.datacolumn;
    selection.fields = params_.field;
    selection.autocorrelations = params_.autocorrelations;
    reader_ = std::make_unique<MsReader>(token, params_.input, selection);
  });
  select(*reader_->header());
  if (params_.datacolumn == "corrected" && reader_->used_column() == "DATA") {
    ctx.log().info("'" + params_.input + "' has no CORRECTED_DATA: DATA is read");
  }

  std::size_t largest_bytes = 0;
  cut(std::min(params_.chunk_bytes, std::max<std::size_t>(65536, ctx.memory().total() / 32)),
      largest_bytes);
  PortSpec& out = planning.output();
  out.axes = {"row", "channel", "correlation"};
  out.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  out.properties["spectral_windows"] = static_cast<std::int64_t>(header_->spectral_windows.size());
  out.properties["telescope"] = header_->telescope;
  out.chunk_bytes = largest_bytes;
  out.chunks = pieces_.size();
  out.set_header<ObservationHeader>(header_);
  planning.add_note(std::to_string(header_->rows) + " rows of " + header_->telescope + ", column " +
                    reader_->used_column() + ", longest baseline " +
                    format_quantity(header_->max_uvw_m, "m"));
}

std::optional<Chunk<Visibilities>> MsReaderStage::next(const PipelineContext& ctx) {
  if (next_piece_ == pieces_.size()) {
    ctx.count("rows_read", static_cast<std::int64_t>(reader_->rows_read()));
    ctx.count("bytes_read", static_cast<std::int64_t>(reader_->bytes_read()));
    reader_->close(ctx.lane_token());
    return std::nullopt;
  }
  const Piece piece = pieces_[next_piece_++];
  Visibilities rows = reader_->read(ctx.lane_token(), piece.first, piece.count);
  rows.header = header_;
  const std::size_t last = piece.first + rows.rows();
  return Chunk<Visibilities>(std::move(rows), Span("row", piece.first, last));
}

}  // namespace skymill::radio
