// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/checks/ms_checks.h>

#include <string>
#include <vector>

namespace skymill::radio {

struct ValidateParams {
  std::string input;
  std::string report;
  std::string antennas;
  bool expect_model = false;
  bool expect_corrected = false;
  std::vector<std::string> warn;
  std::vector<std::string> fail;
  bool overwrite = false;
};

/// Checks a MeasurementSet, reports every figure and fails when a check does.
class Validate final : public Task {
 public:
  using Params = ValidateParams;
  static Schema<ValidateParams> schema();
  static Ports ports() { return {}; }

  explicit Validate(ValidateParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void validate(const PipelineContext& ctx) const override;
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  MsCheckSettings settings() const;

  ValidateParams params_;
};

}  // namespace skymill::radio
