// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/promises.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/measurement_set/flag_summary.h>
#include <stages/ms/ms_flag_column.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct FlagWriterParams {
  std::string output;
  bool backup = true;
  int worst = 20;
  std::string field;
  std::vector<std::string> spw;
  std::string scan;
  std::string antenna;
  std::string uvrange;
  std::string timerange;
  std::string intent;
  bool autocorrelations = false;
};

/// Writes flags into FLAG and FLAG_ROW of the MeasurementSet that the rows were read from, in
/// place, after saving what stands there as a flag version. Reports what is flagged by antenna,
/// channel, time and baseline, before and after.
class FlagWriterStage final : public Sink<Visibilities> {
 public:
  using Params = FlagWriterParams;
  static Schema<FlagWriterParams> schema();
  static Ports ports();
  static constexpr Promises promises() { return {.in_place = true}; }

  explicit FlagWriterStage(FlagWriterParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  FlagWriterParams params_;
  std::unique_ptr<MsFlagColumn> writer_;
  FlagSummary summary_;
};

}  // namespace skymill::radio
