// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>
#include <stages/checks/check_report.h>
#include <stages/measurement_set/ms_writer_stage.h>

#include <filesystem>
#include <set>

namespace skymill::radio {

Schema<MsWriterParams> MsWriterStage::schema() {
  Schema<MsWriterParams> s{"Write visibilities into a MeasurementSet."};
  s.field("output", &MsWriterParams::output, "The MeasurementSet to make").required();
  s.field("overwrite", &MsWriterParams::overwrite, "Replace one that exists").tuning();
  s.field("join_spw", &MsWriterParams::join_spw,
          "Write windows that follow each other without a gap as one");
  s.field("tile", &MsWriterParams::tile,
          "For whom data are stored: time for what reads whole spectra, such as an imager of all "
          "channels; channel for what reads few channels of all times")
      .choices({"time", "channel"})
      .tuning();
  s.field("model_column", &MsWriterParams::model_column, "Make MODEL_DATA as well, all zero");
  s.field("corrected_column", &MsWriterParams::corrected_column,
          "Make CORRECTED_DATA as well, a copy of DATA");
  s.field("staging", &MsWriterParams::staging,
          "Where it is made before it is copied to its place: none makes it there; auto takes the "
          "first of the machine's tiers with room; or a tier by name (skymill tiers)")
      .tuning();
  s.field("validate", &MsWriterParams::validate,
          "Check the MeasurementSet as validate does, and give it its name only when it passes");
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
    const std::size_t columns =
        1 + (params_.model_column ? 1 : 0) + (params_.corrected_column ? 1 : 0);
    // data and FLAG (bits), scalar columns and UVW
    bytes += header->rows_per_description.at(dd) * (columns * cells * 8 + cells / 8 + 150);
  }
  // A lease must hold what casacore makes of it as well: whole tiles, and WEIGHT_SPECTRUM should
  // weights turn out to vary.
  if (params_.staging != "none") bytes += bytes / 2 + (std::size_t{32} << 20);
  planning.add_product(params_.output, bytes, params_.overwrite, params_.staging);
}

MsLayout MsWriterStage::layout_for(const Visibilities& first) const {
  MsLayout layout;
  layout.application = "skymill " SKYMILL_VERSION;
  layout.history = {"written from '" + first.header->source + "'"};
  layout.tiles = params_.tile == "channel" ? MsTiles::channel : MsTiles::time;
  layout.integration_rows = rows_of_integration(first);
  layout.join_windows = params_.join_spw;
  layout.model_column = params_.model_column;
  layout.corrected_column = params_.corrected_column;
  return layout;
}

std::map<std::string, CheckLevel> MsWriterStage::levels_for(const ObservationHeader& header) {
  std::map<std::string, CheckLevel> levels;
  // Whoever read the data has said already that nothing of them is of use.
  for (const char* name : {"unflagged", "weights_zero"}) levels[name] = CheckLevel::warn;
  // The field of drift data is a label.
  if (header.phasing == Phasing::unprojected) levels["uvw_direction"] = CheckLevel::warn;
  if (header.uvw_sense != UvwSense::unknown) return levels;
  // A foreign MeasurementSet passed on keeps its oddities; what we write of it must be right.
  for (const std::string& name : ms_check_names()) {
    const std::set<std::string> ours{"columns",     "rows",       "subtables",        "numbers",
                                     "observation", "time_range", "field_directions", "written"};
    if (ours.count(name) == 0) levels[name] = CheckLevel::warn;
  }
  return levels;
}

void MsWriterStage::write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!writer_) {
    draft_.emplace(ctx.draft(params_.output, params_.overwrite));
    levels_ = levels_for(*chunk->header);
    writer_ = std::make_unique<MsWriter>(ctx.lane_token(), draft_->path(), chunk->header,
                                         layout_for(*chunk));
  }
  writer_->append(ctx.lane_token(), *chunk);
}

void MsWriterStage::finish(const PipelineContext& ctx) {
  if (!writer_) throw Error(ErrorKind::input, "no visibilities came, so nothing was written");
  writer_->finish(ctx.lane_token());
  ctx.count("rows_written", static_cast<std::int64_t>(writer_->rows_written()));
  writer_.reset();
  if (params_.validate) {
    MsCheckSettings settings;
    settings.levels = levels_;
    judge(params_.output, check_ms(ctx.lane_token(), draft_->path(), settings), ctx);
  }
  draft_->publish();
  ctx.record_output(params_.output);
}

}  // namespace skymill::radio
