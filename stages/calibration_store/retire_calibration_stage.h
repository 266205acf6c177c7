// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/promises.h>
#include <core/stage.h>

#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct RetireCalibrationParams {
  std::string store;
  std::vector<std::string> sets;
  std::string reason;
};

/// Takes sets of a calibration store out of use. Their tables stay, for what was corrected by them.
class RetireCalibrationStage final : public Task {
 public:
  using Params = RetireCalibrationParams;
  static Schema<RetireCalibrationParams> schema();
  static Ports ports() { return {}; }
  static constexpr Promises promises() { return {.in_place = true}; }

  explicit RetireCalibrationStage(RetireCalibrationParams params) : params_(std::move(params)) {}

  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  RetireCalibrationParams params_;
};

}  // namespace skymill::radio
