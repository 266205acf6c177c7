// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/assess/quality_levels.h>
#include <stages/data/calibration.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace skymill::radio {

struct AssessParams {
  std::string which = "last";
  std::string on_fail = "fail";
  std::optional<double> snr_warn = 10, snr_fail = 3;
  std::optional<double> flagged_warn = 0.2, flagged_fail = 0.3;
  std::optional<double> bandpass_flagged_warn = 0.05, bandpass_flagged_fail = 0.25;
  std::optional<double> amplitude_warn, amplitude_fail = 10;
  std::optional<double> phase_scatter_warn, phase_scatter_fail = 0.52359878;  // rad
  std::optional<double> antennas_warn, antennas_fail = 10;
  std::optional<double> refant_flagged_warn = 0.3, refant_flagged_fail = 0.8;
  std::optional<double> refant_phase_warn = 0.00174533, refant_phase_fail;  // rad
  std::optional<double> delay_range_warn, delay_range_fail;                 // s
  std::optional<double> xy_ratio_warn = 1.5, xy_ratio_fail = 5;
  std::optional<double> smoothness_warn, smoothness_fail;
  std::size_t points = 100;
};

/// Judges a calibration: figures of its terms and antennas against limits, and gains, bandpasses
/// and delays for the charts of the run's page.
class Assess final : public Task {
 public:
  using Params = AssessParams;
  static Schema<AssessParams> schema();
  static Ports ports();

  explicit Assess(AssessParams params) : params_(std::move(params)) {}

  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  QualityLimits limits() const;

  AssessParams params_;
};

}  // namespace skymill::radio
