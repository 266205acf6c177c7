// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/calibrators/calibrator_ranking.h>

#include <optional>
#include <string>
#include <utility>

namespace skymill::radio {

struct FindCalibratorParams {
  std::string input;
  std::string calibrators;
  double radius = 0.034906585039886591;  // rad
  double min_flux = 0;                   // Jy
  std::optional<double> pointing_dec;    // rad
  std::string eop;
  bool allow_stale_eop = false;
};

/// Lists the calibrators that an observation saw, the best first: when they transit, how bright
/// they are in the beam, and which field and integration came nearest.
class FindCalibrator final : public Task {
 public:
  using Params = FindCalibratorParams;
  static Schema<FindCalibratorParams> schema();
  static Ports ports() { return {}; }

  explicit FindCalibrator(FindCalibratorParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  FindCalibratorParams params_;
};

/// `2025-10-02T06:30:06.13` for a moment, UTC.
std::string moment_text(double mjd_utc_s);

}  // namespace skymill::radio
