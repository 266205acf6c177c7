// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/selfcal/model_fit_stage.h>
#include <stages/selfcal/selfcal_rounds_stage.h>
#include <stages/selfcal/selfcal_summary_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::SelfcalRounds>("selfcal_rounds");
  registry.add<skymill::radio::SelfcalSummary>("selfcal_summary");
  registry.add<skymill::radio::ModelFit>("model_fit");
}
