// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/calsets/table_set.h>
#include <stages/data/calibration.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct CaltableReaderParams {
  std::vector<std::string> tables;
};

/// Gives calibration tables in CASA's format as one calibration, in the order K, B, G, T; tables of
/// a type keep the order in which they are named. Each is decoded once in a run, whoever uses it.
class CaltableReaderStage final : public Source<Calibration> {
 public:
  using Params = CaltableReaderParams;
  static Schema<CaltableReaderParams> schema();
  static Ports ports();

  explicit CaltableReaderStage(CaltableReaderParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  std::optional<Chunk<Calibration>> next(const PipelineContext& ctx) override;

 private:
  CaltableReaderParams params_;
  TableSet tables_;
  bool done_ = false;
};

}  // namespace skymill::radio
