// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/selfcal/selfcal_rounds_stage.h>

namespace skymill::radio {

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

std::string word(bool value) { return value ? "true" : "false"; }

SelfcalRules rules_of(const SelfcalRoundsParams& p) {
  SelfcalRules rules;
  rules.phase_solints = p.phase_solints;
  rules.amplitude_solint = p.amplitude ? p.amplitude_solint : "";
  rules.max_rounds = p.max_rounds;
  rules.min_snr = p.min_snr;
  rules.max_flagged = p.max_flagged;
  rules.snr_ratio = p.snr_ratio;
  rules.chi2_ratio = p.chi2_ratio;
  rules.min_antenna_snr_phase = p.min_antenna_snr_phase;
  rules.min_antenna_snr_amplitude = p.min_antenna_snr_amplitude;
  rules.max_phase_spread_deg = p.max_phase_spread / kDegree;
  rules.max_amplitude_scatter = p.max_amplitude_scatter;
  return rules;
}

}  // namespace

Schema<SelfcalRoundsParams> SelfcalRounds::schema() {
  using P = SelfcalRoundsParams;
  Schema<P> s{"Decide the rounds of a self-calibration, for a batch, by how the last one went."};
  s.field("output", &P::output,
          "Prefix of all products: round n makes <output>.rn.*, and its record is "
          "<output>.rn.run.json")
      .required();
  s.field("phase_solints", &P::phase_solints,
          "Solution intervals of the rounds that solve for phases, in turn");
  s.field("amplitude", &P::amplitude,
          "Rounds for amplitudes follow, with phases anew over the best round's interval");
  s.field("amplitude_solint", &P::amplitude_solint, "Solution interval for amplitudes");
  s.field("max_rounds", &P::max_rounds, "Most rounds that solve").range(0, 100);
  s.field("min_snr", &P::min_snr,
          "Nothing is solved when the first image has less: its peak before cleaning over the "
          "noise that cleaning leaves")
      .at_least(0);
  s.field("max_flagged", &P::max_flagged, "Nor when more than this fraction of the data is flagged")
      .range(0, 1);
  s.field("snr_ratio", &P::snr_ratio,
          "A round is taken only when its image has this many times the best SNR before; one with "
          "as many times less has diverged")
      .range(1, 100);
  s.field("chi2_ratio", &P::chi2_ratio,
          "And when model_fit's averaged chi squared falls to this fraction; one that grows as "
          "much has diverged")
      .range(0.01, 1);
  s.field("min_antenna_snr_phase", &P::min_antenna_snr_phase,
          "Solutions for phases are not taken when their median SNR is below")
      .at_least(0);
  s.field("min_antenna_snr_amplitude", &P::min_antenna_snr_amplitude, "The same for amplitudes")
      .at_least(0);
  s.field("max_phase_spread", &P::max_phase_spread,
          "Solutions are not taken when phases differ more across antennas, standard deviation; "
          "data that no calibrator has calibrated need more")
      .unit("rad")
      .positive();
  s.field("max_amplitude_scatter", &P::max_amplitude_scatter,
          "Nor when amplitudes do, as a fraction")
      .positive();
  s.example("each:\n  use: selfcal_rounds\n  output: out/my", "as pipelines/selfcal.yaml has it");
  return s;
}

Ports SelfcalRounds::ports() {
  return Ports().out(
      "out", WorkItem::kDataKind,
      "a round each: prefix of its products; what is to be done, true or false: solves, "
      "solves_amplitude, applies, corrects, ends; solint, amplitude_solint; model, an image; "
      "solutions, the stage whose solutions are applied; and at the end tables to apply, outcome, "
      "reason, best (its prefix), rounds (their prefixes) and verdicts",
      {"prefix", "solves", "solves_amplitude", "applies", "corrects", "ends", "solint",
       "amplitude_solint", "model", "solutions", "tables", "outcome", "reason", "best", "rounds",
       "verdicts"});
}

SelfcalRounds::SelfcalRounds(SelfcalRoundsParams params)
    : params_(std::move(params)), rules_(rules_of(params_)) {}

std::string SelfcalRounds::prefix_of(std::size_t round) const {
  return params_.output + ".r" + std::to_string(round);
}

std::vector<std::string> SelfcalRounds::tables_of(std::size_t round) const {
  const RoundKind kind = done_.at(round).plan.kind;
  std::vector<std::string> tables;
  if (kind != RoundKind::image) tables.push_back(prefix_of(round) + ".gcal");
  if (kind == RoundKind::amplitude) tables.push_back(prefix_of(round) + ".2gcal");
  return tables;
}

WorkItem SelfcalRounds::round_item(const RoundPlan& plan, std::size_t best) const {
  const std::size_t number = done_.size();
  const bool amplitude = plan.kind == RoundKind::amplitude;
  const bool solves = plan.kind != RoundKind::image;
  WorkItem item;
  item.name = "r" + std::to_string(number);
  auto& p = item.parameters;
  p["prefix"] = prefix_of(number);
  p["solves"] = word(solves);
  p["solves_amplitude"] = word(amplitude);
  p["applies"] = word(solves);
  p["ends"] = p["corrects"] = word(false);
  p["solint"] = plan.solint;
  p["amplitude_solint"] = plan.amplitude_solint;
  p["model"] = solves ? prefix_of(best) + ".model" : "";
  p["solutions"] = std::string(amplitude ? "solve_amplitude" : "solve_phase");
  p["tables"] = std::vector<std::string>();
  for (const char* later : {"outcome", "reason", "best"}) p[later] = "";
  for (const char* later : {"rounds", "verdicts"}) p[later] = std::vector<std::string>();
  return item;
}

WorkItem SelfcalRounds::last_item(const SelfcalDecision& decision) const {
  WorkItem item = round_item(RoundPlan{}, 0);
  item.name = "final";
  auto& p = item.parameters;
  const bool applies = decision.best > 0;
  p["prefix"] = params_.output;
  p["applies"] = p["corrects"] = word(applies);
  p["ends"] = word(true);
  p["solutions"] = std::string("best_tables");
  p["tables"] = tables_of(decision.best);
  p["outcome"] = decision.outcome;
  p["reason"] = decision.reason;
  p["best"] = prefix_of(decision.best);
  std::vector<std::string> rounds, verdicts;
  for (std::size_t k = 0; k < decision.verdicts.size(); ++k) {
    rounds.push_back(prefix_of(k));
    verdicts.push_back(decision.verdicts[k].word);
  }
  p["rounds"] = rounds;
  p["verdicts"] = verdicts;
  return item;
}

std::optional<Chunk<WorkItem>> SelfcalRounds::next(const PipelineContext& ctx) {
  if (ended_) return std::nullopt;
  if (!given_) {
    given_ = RoundPlan{};
    return Chunk<WorkItem>(round_item(*given_, 0));
  }
  auto figures = read_round(prefix_of(done_.size()) + ".run.json", ctx.run_id());
  if (!figures && done_.empty()) {
    // The first round was not run: a dry run, or a mistake in the description.
    ended_ = true;
    return std::nullopt;
  }
  if (!figures) {
    figures.emplace();
    figures->error = "the round left no record";
  }
  done_.push_back({*given_, *figures});
  const SelfcalDecision decision = decide(rules_, done_);
  const RoundVerdict& verdict = decision.verdicts.back();
  ctx.log().info("round r" + std::to_string(done_.size() - 1) + ": " + verdict.word + ", " +
                 verdict.reason);
  if (decision.next) {
    given_ = decision.next;
    return Chunk<WorkItem>(round_item(*given_, decision.best));
  }
  ended_ = true;
  ctx.log().info("self-calibration: " + decision.outcome + ", round r" +
                 std::to_string(decision.best) + " is kept");
  return Chunk<WorkItem>(last_item(decision));
}

}  // namespace skymill::radio
