// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/stage.h>
#include <stages/calibrate/solution_slots.h>
#include <stages/calibrate/solve_layout.h>
#include <stages/calibrate/solve_params.h>
#include <stages/data/calibration.h>
#include <stages/data/visibilities.h>
#include <stages/gains/correction.h>
#include <stages/sky/model_sky.h>
#include <stages/sky/model_visibilities.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace skymill::radio {

/// Solves for one term of the antennas' calibration against a model: sums up each baseline in one
/// pass, then solves every cell (band, window or channel, time interval, polarisation) on its own.
/// Data are
/// corrected by the terms on the side input `prior` on their way in; those go out again, before
/// the new one.
class Solve final : public Reduce<Visibilities, Calibration> {
 public:
  using Params = SolveParams;
  static Schema<SolveParams> schema() { return solve_schema(); }
  static Ports ports();

  explicit Solve(SolveParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  Stream<Calibration> finish(const PipelineContext& ctx) override;

 private:
  SolveParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  SolveLayout layout_;
  ModelSky sky_;
  std::vector<ModelVisibilities> models_;  ///< one a thread
  std::unique_ptr<SolutionSlots> slots_;
  std::optional<Correction> prior_;  ///< by the terms that were solved before
  Visibilities corrected_;  ///< by those; kept, because fresh memory costs more than a copy
};

}  // namespace skymill::radio
