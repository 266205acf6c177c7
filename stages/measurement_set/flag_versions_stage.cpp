// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/measurement_set/flag_versions_stage.h>
#include <stages/ms/ms_flag_versions.h>
#include <stages/ms/table_lane.h>

namespace skymill::radio {

Schema<FlagVersionsParams> FlagVersionsStage::schema() {
  Schema<FlagVersionsParams> s{"Save, restore, list or delete flag versions of a MeasurementSet."};
  s.field("input", &FlagVersionsParams::input, "The MeasurementSet").required();
  s.field("mode", &FlagVersionsParams::mode, "What to do")
      .choices({"save", "restore", "list", "delete"});
  s.field("version", &FlagVersionsParams::version, "Name of the version; list needs none");
  s.field("comment", &FlagVersionsParams::comment, "What to say of a version that is saved");
  s.check([](const FlagVersionsParams& p) { return p.mode == "list" || !p.version.empty(); },
          "save, restore and delete need a version");
  s.example("flag_versions: { input: my.ms, mode: save, version: before_rfi }");
  return s;
}

void FlagVersionsStage::plan(Planning& planning) { planning.add_input(params_.input); }

PipelineContext FlagVersionsStage::execute(const PipelineContext& ctx, const std::string&) {
  const auto lane = ctx.lanes().get(table_lane(params_.input));
  lane->run([&](const Lane::Token& token) {
    if (params_.mode == "save") {
      save_flag_version(token, params_.input, params_.version, params_.comment);
    } else if (params_.mode == "restore") {
      restore_flag_version(token, params_.input, params_.version);
    } else if (params_.mode == "delete") {
      delete_flag_version(token, params_.input, params_.version);
    }
  });
  for (const FlagVersion& version : list_flag_versions(params_.input)) {
    ctx.record("versions", {{"name", version.name}, {"comment", version.comment}});
  }
  if (params_.mode == "restore") ctx.record_output(params_.input);
  return ctx;
}

}  // namespace skymill::radio
