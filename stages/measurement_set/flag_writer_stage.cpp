// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/measurement_set/flag_writer_stage.h>
#include <stages/measurement_set/read_rows.h>
#include <stages/ms/ms_flag_versions.h>
#include <stages/ms/table_lane.h>

namespace skymill::radio {

Schema<FlagWriterParams> FlagWriterStage::schema() {
  Schema<FlagWriterParams> s{
      "Write flags into the MeasurementSet that they came from, and say what is flagged."};
  s.field("output", &FlagWriterParams::output, "The MeasurementSet that the reader reads")
      .required();
  s.field("backup", &FlagWriterParams::backup,
          "Save the flags that stand there as a flag version first");
  s.field("worst", &FlagWriterParams::worst, "Baselines in the summary, the most flagged first")
      .range(0, 1e6);
  declare_read_rows(s);
  s.example(
      "read:  { use: ms_reader, input: my.ms, datacolumn: data }\n"
      "flag:  { amplitude_max: 0.5 }\n"
      "write: { use: flag_writer, output: my.ms }");
  return s;
}

Ports FlagWriterStage::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"flag", "time", "antenna"};
  return Ports().in(need, "rows of the MeasurementSet with their new flags");
}

void FlagWriterStage::plan(Planning& planning) {
  planning.set_lane(table_lane(params_.output));
  planning.set_any_order();
}

void FlagWriterStage::write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  const Lane::Token& token = ctx.lane_token();
  if (!writer_) {
    if (params_.backup) {
      const std::string name = new_flag_version(params_.output, "skymill");
      save_flag_version(token, params_.output, name, "before run " + ctx.run_id());
      ctx.log().info("saved the flags of '" + params_.output + "' as version '" + name + "'");
    }
    writer_ = std::make_unique<MsFlagColumn>(token, params_.output, selection_of(params_, "data"));
  }
  const auto before = writer_->put(token, chunk.span().at("row").begin, *chunk);
  summary_.add(*chunk, before);
}

void FlagWriterStage::finish(const PipelineContext& ctx) {
  if (!writer_) throw Error(ErrorKind::input, "no visibilities came, so nothing was flagged");
  writer_->finish(ctx.lane_token());
  writer_.reset();
  summary_.record(static_cast<std::size_t>(params_.worst), ctx);
  ctx.record_output(params_.output);
}

}  // namespace skymill::radio
