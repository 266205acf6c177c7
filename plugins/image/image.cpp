// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/image/image_stage.h>
#include <stages/image/predict_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::Image>("image");
  registry.add<skymill::radio::Predict>("predict");
}
