// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/uvh5_groups/group_stage.h>

SKYMILL_PLUGIN(registry) { registry.add<skymill::radio::Uvh5Groups>("uvh5_groups"); }
