// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/validate/validate_stage.h>

SKYMILL_PLUGIN(registry) { registry.add<skymill::radio::Validate>("validate"); }
