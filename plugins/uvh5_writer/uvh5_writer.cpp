// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/uvh5_writer/uvh5_writer_stage.h>

SKYMILL_PLUGIN(registry) { registry.add<skymill::radio::Uvh5WriterStage>("uvh5_writer"); }
