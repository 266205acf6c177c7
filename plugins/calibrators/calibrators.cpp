// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/calibrators/find_calibrator_stage.h>

SKYMILL_PLUGIN(registry) { registry.add<skymill::radio::FindCalibrator>("find_calibrator"); }
