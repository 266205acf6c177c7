// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/concat/concat_images_stage.h>
#include <stages/concat/concat_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::Concat>("concat");
  registry.add<skymill::radio::ConcatImages>("concat_images");
}
