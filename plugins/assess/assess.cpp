// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/assess/assess_stage.h>
#include <stages/assess/closure_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::Assess>("assess");
  registry.add<skymill::radio::Closure>("closure");
}
