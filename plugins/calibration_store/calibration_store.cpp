// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/calibration_store/calibration_store_stage.h>
#include <stages/calibration_store/retire_calibration_stage.h>
#include <stages/calibration_store/store_calibration_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::CalibrationStoreStage>("calibration_store");
  registry.add<skymill::radio::StoreCalibrationStage>("store_calibration");
  registry.add<skymill::radio::RetireCalibrationStage>("retire_calibration");
}
