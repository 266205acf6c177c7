// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/promises.h>
#include <core/stage.h>
#include <stages/ms/ms_reader.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct PredictParams {
  std::vector<std::string> input;
  // The model, as in ModelParams.
  std::string calibrator;
  std::string calibrators;
  std::vector<std::string> sources;
  std::string components;
  std::string model;
  std::optional<double> flux;  // Jy
  double spectral_index = 0;
  std::optional<double> reference_frequency;  // Hz
  std::vector<double> direction;              // rad
  std::string primary_beam = "none";
  std::optional<double> pointing_dec;  // rad
  std::string savemodel = "modelcolumn";
  std::string field;
  std::vector<std::string> spw;
  std::string scan;
  std::string antenna;
  std::string uvrange;
  std::string timerange;
  std::string intent;
  bool autocorrelations = false;
  std::string gridder = "wgridder";
  double accuracy = 1e-4;
};

/// Writes the visibilities of a model into MODEL_DATA of MeasurementSets: of a cube as tclean's
/// savemodel (imaging.md 1.1), and of sources beside it or alone.
class Predict final : public Task {
 public:
  using Params = PredictParams;
  static Schema<PredictParams> schema();
  static Ports ports() { return {}; }
  static constexpr Promises promises() { return {.in_place = true}; }

  explicit Predict(PredictParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void validate(const PipelineContext& ctx) const override;
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  void write_model(const std::string& path, const PipelineContext& ctx) const;

  PredictParams params_;
};

}  // namespace skymill::radio
