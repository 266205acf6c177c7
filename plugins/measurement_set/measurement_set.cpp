// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>
#include <stages/measurement_set/corrected_writer_stage.h>
#include <stages/measurement_set/flag_versions_stage.h>
#include <stages/measurement_set/flag_writer_stage.h>
#include <stages/measurement_set/ms_reader_stage.h>
#include <stages/measurement_set/ms_writer_stage.h>

SKYMILL_PLUGIN(registry) {
  registry.add<skymill::radio::MsReaderStage>("ms_reader");
  registry.add<skymill::radio::MsWriterStage>("ms_writer");
  registry.add<skymill::radio::CorrectedWriterStage>("corrected_writer");
  registry.add<skymill::radio::FlagWriterStage>("flag_writer");
  registry.add<skymill::radio::FlagVersionsStage>("flag_versions");
}
