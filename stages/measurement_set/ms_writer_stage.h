// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/storage.h>
#include <stages/checks/ms_checks.h>
#include <stages/data/visibilities.h>
#include <stages/ms/ms_writer.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace skymill::radio {

struct MsWriterParams {
  std::string output;
  bool overwrite = false;
  bool join_spw = false;
  std::string tile = "time";
  bool model_column = false;
  bool corrected_column = false;
  std::string staging = "none";
  bool validate = true;
};

/// Writes the stream into one MeasurementSet, which gets its name when it is whole.
class MsWriterStage final : public Sink<Visibilities> {
 public:
  using Params = MsWriterParams;
  static Schema<MsWriterParams> schema();
  static Ports ports();

  explicit MsWriterStage(MsWriterParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  MsLayout layout_for(const Visibilities& first) const;
  /// Which checks only warn, for a stream of this kind.
  static std::map<std::string, CheckLevel> levels_for(const ObservationHeader& header);

  MsWriterParams params_;
  std::optional<Draft> draft_;
  std::unique_ptr<MsWriter> writer_;
  std::map<std::string, CheckLevel> levels_;
};

}  // namespace skymill::radio
