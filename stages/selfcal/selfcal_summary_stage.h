// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>

#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct SelfcalSummaryParams {
  std::string output;
  std::vector<std::string> rounds;
  std::vector<std::string> verdicts;
  std::string best;
  std::string outcome;
  std::string reason;
  std::vector<std::string> tables;
  bool overwrite = false;
};

/// Puts the figures of all rounds of a self-calibration side by side, in a JSON file and in the
/// record, and says how it ended.
class SelfcalSummary final : public Task {
 public:
  using Params = SelfcalSummaryParams;
  static Schema<SelfcalSummaryParams> schema();
  static Ports ports() { return {}; }

  explicit SelfcalSummary(SelfcalSummaryParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  SelfcalSummaryParams params_;
};

}  // namespace skymill::radio
