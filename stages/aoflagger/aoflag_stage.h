// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/flags/interference_run.h>

#include <string>
#include <utility>

namespace skymill::radio {

struct AoFlagParams {
  std::string strategy;
  int window = 0;
  bool autocorrelations = false;
  std::string scratch = "auto";
};

/// Looks for interference by AOFlagger's library (Offringa et al. 2010, 2012) with a strategy in
/// Lua, in the same windows of integrations and with the same result as `flag_rfi`.
class AoFlag final : public Reduce<Visibilities, FoundFlags> {
 public:
  using Params = AoFlagParams;
  static Schema<AoFlagParams> schema();
  static Ports ports() { return InterferenceRun::ports(); }

  explicit AoFlag(AoFlagParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override {
    run_.add(chunk, ctx);
  }
  Stream<FoundFlags> finish(const PipelineContext& ctx) override { return run_.finish(ctx); }

 private:
  AoFlagParams params_;
  InterferenceRun run_;
};

}  // namespace skymill::radio
