// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/flags/interference_run.h>
#include <stages/kernels/find_interference.h>

#include <string>
#include <utility>

namespace skymill::radio {

struct FlagRfiParams {
  double base_threshold = 1.2;
  int iterations = 3;
  double sensitivity_step = 2;
  double transient_factor = 0.8;
  int time_resize = 2;
  int channel_resize = 2;
  int time_kernel = 21;
  int channel_kernel = 31;
  double time_sigma = 2.5;
  double channel_sigma = 5;
  double time_cut = 3.5;
  double last_time_cut = 4;
  double channel_cut = 3;
  double time_share = 0.1;
  double channel_share = 0.1;
  double of_times = 0.5;
  double of_channels = 0.6;
  double of_baselines = 1;
  int window = 0;
  bool autocorrelations = false;
  std::string scratch = "auto";
};

/// Looks for interference by SumThreshold (kernels::SumThreshold) in all of the data, and hands on
/// what it found for `flag` to lay on them when they are read again: a window of integrations of a
/// baseline is judged as a whole, and such windows are of no use as chunks, which are all baselines
/// of a few integrations. Results depend neither on chunks nor on threads or memory.
class FlagRfi final : public Reduce<Visibilities, FoundFlags> {
 public:
  using Params = FlagRfiParams;
  static Schema<FlagRfiParams> schema();
  static Ports ports();

  explicit FlagRfi(FlagRfiParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override {
    run_.add(chunk, ctx);
  }
  Stream<FoundFlags> finish(const PipelineContext& ctx) override { return run_.finish(ctx); }

 private:
  kernels::InterferenceParams search() const;

  FlagRfiParams params_;
  InterferenceRun run_;
};

}  // namespace skymill::radio
