// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>
#include <stages/measurement_set/corrected_writer_stage.h>
#include <stages/measurement_set/read_rows.h>
#include <stages/ms/table_lane.h>

#include <algorithm>
#include <complex>

namespace skymill::radio {

namespace {

constexpr double kLeastNonzero = 0.01;  // dsa110.md 3.1 (14)

}  // namespace

Schema<CorrectedWriterParams> CorrectedWriterStage::schema() {
  Schema<CorrectedWriterParams> s{
      "Write corrected visibilities into CORRECTED_DATA of the MeasurementSet they came from."};
  s.field("output", &CorrectedWriterParams::output, "The MeasurementSet that the reader reads")
      .required();
  s.field("flags", &CorrectedWriterParams::flags, "Write FLAG as well");
  s.field(
      "weights", &CorrectedWriterParams::weights,
      "Write WEIGHT, WEIGHT_SPECTRUM and SIGMA as well, if they changed; what they were is kept "
      "for DATA");
  declare_read_rows(s);
  s.example(
      "read:    { use: ms_reader, input: my.ms, datacolumn: data }\n"
      "apply:   { solutions: tables }\n"
      "correct: { use: corrected_writer, output: my.ms }");
  return s;
}

Ports CorrectedWriterStage::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "time", "antenna"};
  need.requirements.push_back({"datacolumn",
                               {"DATA"},
                               {},
                               "CORRECTED_DATA is always made from DATA",
                               "read with ms_reader and datacolumn: data"});
  return Ports().in(need, "rows of the MeasurementSet, corrected");
}

void CorrectedWriterStage::plan(Planning& planning) {
  planning.set_lane(table_lane(params_.output));
  planning.set_any_order();
  const auto& properties = planning.input().properties;
  const auto mode = properties.find("applymode");
  const std::string text = mode == properties.end() ? "" : property_text(mode->second);
  const bool flags_only = text.rfind("flagonly", 0) == 0;
  columns_.data = text != "trial" && !flags_only;
  columns_.flags = params_.flags && text != "trial";
  columns_.weights = params_.weights && columns_.data;
}

void CorrectedWriterStage::write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!columns_.data && !columns_.flags) return;
  if (!writer_) {
    writer_ = std::make_unique<MsCorrectedColumn>(ctx.lane_token(), params_.output,
                                                  selection_of(params_, "data"), columns_);
    history_ = chunk->header->history;
  }
  writer_->put(ctx.lane_token(), chunk.span().at("row").begin, *chunk);
  rows_ += static_cast<std::int64_t>(chunk->rows());
  samples_ += static_cast<std::int64_t>(chunk->data.size());
  nonzero_ += std::count_if(chunk->data.begin(), chunk->data.end(), [](std::complex<float> value) {
    return value != std::complex<float>(0, 0);
  });
}

void CorrectedWriterStage::finish(const PipelineContext& ctx) {
  if (!columns_.data && !columns_.flags) return;
  if (!writer_) throw Error(ErrorKind::input, "no visibilities came, so nothing was corrected");
  writer_->finish(ctx.lane_token(), "skymill " SKYMILL_VERSION, history_);
  writer_.reset();
  ctx.count("rows_written", rows_);
  ctx.count("samples", samples_);
  ctx.count("nonzero", nonzero_);
  const double part = static_cast<double>(nonzero_) / static_cast<double>(samples_);
  if (columns_.data && part < kLeastNonzero) {
    ctx.degrade("less than 1 % of CORRECTED_DATA of '" + params_.output + "' is not zero");
  }
  ctx.record_output(params_.output);
}

}  // namespace skymill::radio
