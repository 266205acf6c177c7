// SPDX-License-Identifier: GPL-3.0-or-later
// What every stage type owes its users, checked on all of ours.
#include <core/testing.h>
#include <stages/assess/assess_stage.h>
#include <stages/assess/closure_stage.h>
#include <stages/calibrate/apply_stage.h>
#include <stages/calibrate/flag_rfi_stage.h>
#include <stages/calibrate/flag_stage.h>
#include <stages/calibrate/solve_stage.h>
#include <stages/calibration_store/calibration_store_stage.h>
#include <stages/calibration_store/retire_calibration_stage.h>
#include <stages/calibration_store/store_calibration_stage.h>
#include <stages/calibrators/find_calibrator_stage.h>
#include <stages/caltables/caltable_reader_stage.h>
#include <stages/caltables/caltable_writer_stage.h>
#include <stages/concat/concat_images_stage.h>
#include <stages/concat/concat_stage.h>
#include <stages/image/image_stage.h>
#include <stages/image/predict_stage.h>
#include <stages/measurement_set/corrected_writer_stage.h>
#include <stages/measurement_set/flag_versions_stage.h>
#include <stages/measurement_set/flag_writer_stage.h>
#include <stages/measurement_set/ms_reader_stage.h>
#include <stages/measurement_set/ms_writer_stage.h>
#include <stages/preview/preview_stage.h>
#include <stages/rephase/rephase_stage.h>
#include <stages/selfcal/model_fit_stage.h>
#include <stages/selfcal/selfcal_rounds_stage.h>
#include <stages/selfcal/selfcal_summary_stage.h>
#include <stages/simulate/simulate_stage.h>
#include <stages/uvh5_groups/group_stage.h>
#include <stages/uvh5_reader/uvh5_reader_stage.h>
#include <stages/uvh5_writer/uvh5_writer_stage.h>
#include <catch2/catch.hpp>

using namespace skymill;
using namespace skymill::radio;

TEMPLATE_TEST_CASE("a stage describes itself fully", "", Apply, Assess, CalibrationStoreStage,
                   CaltableReaderStage, CaltableWriterStage, Closure, Concat, ConcatImages,
                   CorrectedWriterStage, FindCalibrator, FlagRfi, FlagStage, FlagVersionsStage,
                   FlagWriterStage, Image, ModelFit, Predict, MsReaderStage, MsWriterStage, Preview,
                   Rephase, RetireCalibrationStage, SelfcalRounds, SelfcalSummary, Simulate, Solve,
                   StoreCalibrationStage, Uvh5Groups, Uvh5ReaderStage, Uvh5WriterStage) {
  Registry registry;
  registry.add<TestType>("stage");
  const auto faults = testing::description_faults(*registry.find("stage"));
  CAPTURE(faults);
  CHECK(faults.empty());
  CHECK(TestType::schema().complete());
}
