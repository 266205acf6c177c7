// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/promises.h>
#include <core/stage.h>

#include <string>
#include <utility>

namespace skymill::radio {

struct FlagVersionsParams {
  std::string input;
  std::string mode = "list";
  std::string version;
  std::string comment;
};

/// Saves, restores, lists and deletes flag versions of a MeasurementSet, in CASA's layout.
class FlagVersionsStage final : public Task {
 public:
  using Params = FlagVersionsParams;
  static Schema<FlagVersionsParams> schema();
  static Ports ports() { return {}; }
  static constexpr Promises promises() { return {.in_place = true}; }

  explicit FlagVersionsStage(FlagVersionsParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;

 private:
  FlagVersionsParams params_;
};

}  // namespace skymill::radio
