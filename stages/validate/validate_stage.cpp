// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/checks/antenna_table.h>
#include <stages/checks/check_report.h>
#include <stages/ms/table_lane.h>
#include <stages/validate/validate_stage.h>

#include <algorithm>
#include <fstream>

namespace skymill::radio {

Schema<ValidateParams> Validate::schema() {
  Schema<ValidateParams> s{"Check a MeasurementSet, and fail when it is not as it must be."};
  s.field("input", &ValidateParams::input, "The MeasurementSet").required();
  s.field("report", &ValidateParams::report,
          "JSON file for all checks with their figures and limits; empty writes none");
  s.field("antennas", &ValidateParams::antennas,
          "Table of stations to compare positions with, such as DSA110_Station_Coordinates.csv; "
          "empty compares none");
  s.field("expect_model", &ValidateParams::expect_model, "MODEL_DATA must be there, with a model");
  s.field("expect_corrected", &ValidateParams::expect_corrected,
          "CORRECTED_DATA must be there, with data");
  s.field("warn", &ValidateParams::warn, "Names of checks that only warn");
  s.field("fail", &ValidateParams::fail, "Names of checks that fail although they usually warn");
  s.field("overwrite", &ValidateParams::overwrite, "Replace a report that exists").tuning();
  return s;
}

void Validate::plan(Planning& planning) {
  planning.add_input(params_.input);
  if (!params_.antennas.empty()) planning.add_input(params_.antennas);
  if (!params_.report.empty()) {
    planning.add_product(params_.report, std::size_t{1} << 14, params_.overwrite);
  }
}

void Validate::validate(const PipelineContext&) const {
  for (const auto* names : {&params_.warn, &params_.fail}) {
    for (const std::string& name : *names) {
      const auto& known = ms_check_names();
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      std::string list;
      for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
      throw Error(ErrorKind::description, "there is no check '" + name + "'",
                  "the checks are: " + list);
    }
  }
}

MsCheckSettings Validate::settings() const {
  MsCheckSettings settings;
  settings.expect_model = params_.expect_model;
  settings.expect_corrected = params_.expect_corrected;
  if (!params_.antennas.empty()) settings.antennas_m = read_antenna_table(params_.antennas);
  for (const std::string& name : params_.warn) settings.levels[name] = CheckLevel::warn;
  for (const std::string& name : params_.fail) settings.levels[name] = CheckLevel::fail;
  return settings;
}

PipelineContext Validate::execute(const PipelineContext& ctx, const std::string&) {
  const auto lane = ctx.lanes().get(table_lane(params_.input));
  const MsCheckSettings wanted = settings();
  const std::vector<Check> checks =
      lane->run([&](const Lane::Token& token) { return check_ms(token, params_.input, wanted); });
  if (!params_.report.empty()) {
    // A report of failures is wanted most of all, so it is published before these end the run.
    Draft draft(params_.report, params_.overwrite);
    std::ofstream out(draft.path());
    out << check_report(params_.input, checks);
    out.close();
    if (!out)
      throw Error(ErrorKind::failed, "the report '" + params_.report + "' cannot be written");
    draft.publish();
    ctx.record_output(params_.report);
  }
  judge(params_.input, checks, ctx);
  return ctx;
}

}  // namespace skymill::radio
