// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/assess/closure_phases.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace skymill::radio {

struct ClosureParams {
  std::string refant;
  std::optional<double> rms_warn;  // rad
};

/// Measures closure phases of a point-like calibrator. Gains of antennas drop out, so what is left
/// is noise, structure of the source, or errors of baselines that no calibration by antenna can
/// mend (calibration.md 5.10).
class Closure final : public Sink<Visibilities> {
 public:
  using Params = ClosureParams;
  static Schema<ClosureParams> schema();
  static Ports ports();

  explicit Closure(ClosureParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  ClosureParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::size_t refant_ = 0;
  std::unique_ptr<ClosurePhases> phases_;
};

}  // namespace skymill::radio
