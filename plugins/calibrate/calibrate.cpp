// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/calibrate/apply_stage.h>
#include <stages/calibrate/flag_rfi_stage.h>
#include <stages/calibrate/flag_stage.h>
#include <stages/calibrate/solve_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::FlagStage>("flag");
  registry.add<skymill::radio::FlagRfi>("flag_rfi");
  registry.add<skymill::radio::Solve>("solve");
  registry.add<skymill::radio::Apply>("apply");
}
