// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/uvh5_reader/hdf5_inspector.h>
#include <stages/uvh5_reader/uvh5_reader_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::Uvh5ReaderStage>("uvh5_reader");
  registry.add_inspector(skymill::radio::hdf5_inspector());
}
