// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/work_item.h>
#include <stages/selfcal/round_decision.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct SelfcalRoundsParams {
  std::string output;
  std::vector<std::string> phase_solints = {"300s", "120s", "60s"};
  bool amplitude = true;
  std::string amplitude_solint = "inf";
  std::size_t max_rounds = 5;
  double min_snr = 5;
  double max_flagged = 0.5;
  double snr_ratio = 1.05;
  double chi2_ratio = 0.95;
  double min_antenna_snr_phase = 3;
  double min_antenna_snr_amplitude = 10;
  double max_phase_spread = 0.52359878;  // rad
  double max_amplitude_scatter = 0.3;
};

/// Gives the rounds of a self-calibration as items of a batch, each when the one before has ended:
/// what its record says decides what comes next. The last item applies the best round's solutions.
class SelfcalRounds final : public Source<WorkItem> {
 public:
  using Params = SelfcalRoundsParams;
  static Schema<SelfcalRoundsParams> schema();
  static Ports ports();

  explicit SelfcalRounds(SelfcalRoundsParams params);

  std::optional<Chunk<WorkItem>> next(const PipelineContext& ctx) override;

 private:
  std::string prefix_of(std::size_t round) const;
  std::vector<std::string> tables_of(std::size_t round) const;
  WorkItem round_item(const RoundPlan& plan, std::size_t best) const;
  WorkItem last_item(const SelfcalDecision& decision) const;

  SelfcalRoundsParams params_;
  SelfcalRules rules_;
  std::vector<DoneRound> done_;
  std::optional<RoundPlan> given_;  ///< that the batch works on
  bool ended_ = false;
};

}  // namespace skymill::radio
