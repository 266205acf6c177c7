// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/aoflagger/aoflag_stage.h>

SKYMILL_PLUGIN(registry) { registry.add<skymill::radio::AoFlag>("aoflag"); }
