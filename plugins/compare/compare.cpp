// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/compare/image_comparison.h>

SKYMILL_PLUGIN(registry) { registry.add_comparison(skymill::radio::image_comparison()); }
