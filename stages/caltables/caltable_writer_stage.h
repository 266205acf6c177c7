// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/storage.h>
#include <stages/data/calibration.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct CaltableWriterParams {
  std::string output;
  std::string which = "all";
  bool overwrite = false;
};

/// Writes the terms of a calibration into tables in CASA's format, one each: `<output>.kcal`,
/// `.bcal`, `.gcal`, `.tcal`; a second one of a type is `<output>.2gcal`. None has its name before
/// all are whole.
class CaltableWriterStage final : public Sink<Calibration> {
 public:
  using Params = CaltableWriterParams;
  static Schema<CaltableWriterParams> schema();
  static Ports ports();

  explicit CaltableWriterStage(CaltableWriterParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Calibration>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  CaltableWriterParams params_;
  std::vector<std::string> parameters_;
  std::vector<Draft> drafts_;
};

}  // namespace skymill::radio
