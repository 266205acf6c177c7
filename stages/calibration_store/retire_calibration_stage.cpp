// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibration_store/retire_calibration_stage.h>
#include <stages/calibration_store/store.h>

namespace skymill::radio {

Schema<RetireCalibrationParams> RetireCalibrationStage::schema() {
  Schema<RetireCalibrationParams> s{
      "Take sets of a calibration store out of use, so that they are never taken again."};
  s.field("store", &RetireCalibrationParams::store, "Folder of the store").required();
  s.field("sets", &RetireCalibrationParams::sets, "Names of the sets").required();
  s.field("reason", &RetireCalibrationParams::reason, "Why, for whoever asks what became of them")
      .required();
  s.example(
      "retire_calibration:\n  store: /data/calibration\n  sets: [2025-09-05_3C286]\n"
      "  reason: antenna 24 was swapped",
      "tables stay where they are");
  return s;
}

PipelineContext RetireCalibrationStage::execute(const PipelineContext& ctx, const std::string&) {
  CalibrationStore store(params_.store, Database::Open::existing);
  for (const std::string& set : params_.sets) {
    store.retire(set, params_.reason);
    ctx.record("retired", {{"set", set}, {"reason", params_.reason}});
    ctx.log().info("'" + set + "' is retired: " + params_.reason);
  }
  return ctx;
}

}  // namespace skymill::radio
