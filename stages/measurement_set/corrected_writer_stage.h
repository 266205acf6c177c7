// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/promises.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/ms/ms_corrected_column.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct CorrectedWriterParams {
  std::string output;
  bool flags = true;
  bool weights = true;
  std::string field;
  std::vector<std::string> spw;
  std::string scan;
  std::string antenna;
  std::string uvrange;
  std::string timerange;
  std::string intent;
  bool autocorrelations = false;
};

/// Writes corrected visibilities into CORRECTED_DATA of the MeasurementSet that they were read
/// from, with their flags and weights (calibration.md 5.8). DATA stays as it is, and so does what
/// its weights were: correcting again starts from both.
class CorrectedWriterStage final : public Sink<Visibilities> {
 public:
  using Params = CorrectedWriterParams;
  static Schema<CorrectedWriterParams> schema();
  static Ports ports();
  static constexpr Promises promises() { return {.in_place = true}; }

  explicit CorrectedWriterStage(CorrectedWriterParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  CorrectedWriterParams params_;
  CorrectedColumns columns_;
  std::unique_ptr<MsCorrectedColumn> writer_;
  std::vector<std::string> history_;
  std::int64_t rows_ = 0;
  std::int64_t samples_ = 0;
  std::int64_t nonzero_ = 0;
};

}  // namespace skymill::radio
