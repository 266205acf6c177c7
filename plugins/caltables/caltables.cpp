// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/caltables/caltable_reader_stage.h>
#include <stages/caltables/caltable_writer_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::CaltableReaderStage>("caltable_reader");
  registry.add<skymill::radio::CaltableWriterStage>("caltable_writer");
}
