// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/sky/model_visibilities.h>

#include <complex>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct ModelFitParams {
  std::string model;
  double average = 60;  // s
};

/// Measures how far visibilities are from a model image. Errors of gains leave residuals in the
/// shape of the model, which a single sample hides in noise; so they are also summed by baseline,
/// hand and stretch of time with the model as a matched filter, z = Σ w (D - M) conj(M). The mean
/// of |z|² / (2 Σ w |M|²) is 1 for noise as the weights say, and more by what gains are wrong.
class ModelFit final : public Sink<Visibilities> {
 public:
  using Params = ModelFitParams;
  static Schema<ModelFitParams> schema();
  static Ports ports();

  explicit ModelFit(ModelFitParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  /// Of one baseline and hand, over the stretch of time at hand.
  struct Cell {
    std::complex<double> z = 0;
    double weight = 0;  ///< Σ w |M|²
  };

  void add_row(const Visibilities& rows, std::size_t row);
  void close_stretch();

  ModelFitParams params_;
  ModelSky sky_;
  std::shared_ptr<const ObservationHeader> header_;
  std::unique_ptr<ModelVisibilities> model_;
  std::vector<Cell> cells_;  ///< [antenna1][antenna2][hand]
  std::int64_t stretch_ = -1;
  double averaged_ = 0;
  std::int64_t averages_ = 0;
  double residual_ = 0;
  std::int64_t samples_ = 0, used_ = 0;
};

}  // namespace skymill::radio
