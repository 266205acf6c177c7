// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>
#include <stages/measurement_set/ms_writer_stage.h>

#include <filesystem>

namespace skymill::radio {

Schema<MsWriterParams> MsWriterStage::schema() {
  Schema<MsWriterParams> s{"Write visibilities into a MeasurementSet."};
  s.field("output", &MsWriterParams::output, "The MeasurementSet to make").required();
  s.field("overwrite", &MsWriterParams::overwrite, "Replace one that exists").tuning();
  return s;
}

Ports MsWriterStage::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  return Ports().in(need);
}

void MsWriterStage::plan(Planning& planning) {
  planning.set_lane("table:" + std::filesystem::absolute(params_.output).string());
  const auto header = planning.input().header<ObservationHeader>();
  std::size_t bytes = std::size_t{1} << 20;  // subtables
  for (std::size_t dd = 0; dd < header->data_descriptions.size(); ++dd) {
    const auto& description = header->data_descriptions[dd];
    const auto& window =
        header->spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
    const std::size_t cells = window.chan_freq_hz.size() * description.corr_types.size();
    // DATA and FLAG (bits), scalar columns and UVW
    bytes += header->rows_per_description.at(dd) * (cells * 8 + cells / 8 + 150);
  }
  planning.add_product(params_.output, bytes, params_.overwrite);
}

void MsWriterStage::write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!writer_) {
    draft_.emplace(params_.output, params_.overwrite);
    MsLayout layout;
    layout.application = "skymill " SKYMILL_VERSION;
    layout.history = {"written from '" + chunk->header->source + "'"};
    writer_ = std::make_unique<MsWriter>(ctx.lane_token(), draft_->path(), chunk->header, layout);
  }
  writer_->append(ctx.lane_token(), *chunk);
}

void MsWriterStage::finish(const PipelineContext& ctx) {
  if (!writer_) throw Error(ErrorKind::input, "no visibilities came, so nothing was written");
  writer_->finish(ctx.lane_token());
  ctx.count("rows_written", static_cast<std::int64_t>(writer_->rows_written()));
  writer_.reset();
  draft_->publish();
  ctx.record_output(params_.output);
}

}  // namespace skymill::radio
