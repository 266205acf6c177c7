// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/selfcal/round_decision.h>
#include <catch2/catch.hpp>

#include <utility>
#include <vector>

using namespace skymill::radio;

namespace {

SelfcalRules usual() {
  SelfcalRules rules;
  rules.phase_solints = {"300s", "120s", "60s"};
  rules.amplitude_solint = "inf";
  return rules;
}

RoundFigures figures(double snr, double chi2) {
  RoundFigures f;
  f.peak_jy = snr;
  f.rms_jy = 1;
  f.chi2 = chi2;
  f.flagged = 0.1;
  f.antenna_snr = 40;
  f.phase_spread_deg = 10;
  f.amplitude_scatter = 0.05;
  return f;
}

/// Runs rounds as they are asked for, each with the next of these figures.
std::pair<SelfcalDecision, std::vector<DoneRound>> play(const SelfcalRules& rules,
                                                        const std::vector<RoundFigures>& script) {
  std::vector<DoneRound> done{{RoundPlan{}, script.at(0)}};
  SelfcalDecision decision = decide(rules, done);
  while (decision.next) {
    done.push_back({*decision.next, script.at(done.size())});
    decision = decide(rules, done);
  }
  return {decision, done};
}

}  // namespace

TEST_CASE("rounds that all improve are a success, phases first and joint ones last") {
  const auto [decision, done] = play(usual(), {figures(20, 10), figures(40, 5), figures(60, 3),
                                               figures(80, 2), figures(100, 1), figures(120, 0.8)});
  CHECK(decision.outcome == "success");
  CHECK(decision.best == 5);
  REQUIRE(done.size() == 6);
  CHECK(done[1].plan.solint == "300s");
  CHECK(done[3].plan.solint == "60s");
  CHECK(done[4].plan.kind == RoundKind::amplitude);
  CHECK(done[4].plan.amplitude_solint == "inf");
  CHECK(done[4].plan.solint == "60s");
  CHECK(done[5].plan.kind == RoundKind::amplitude);
  CHECK(done[5].plan.solint == "60s");
}

TEST_CASE("a round without improvement leaves the first image") {
  const auto [decision, done] = play(usual(), {figures(20, 1), figures(20.5, 0.99)});
  CHECK(decision.outcome == "no_improvement");
  CHECK(decision.best == 0);
  CHECK(done.size() == 2);
}

TEST_CASE("better by one measure alone is no improvement") {
  for (const RoundFigures& second : {figures(40, 0.99), figures(20.5, 0.5)}) {
    CHECK(play(usual(), {figures(20, 1), second}).first.outcome == "no_improvement");
  }
}

TEST_CASE("phases that stall are followed by amplitudes, and the best round is kept") {
  const auto [decision, done] =
      play(usual(), {figures(20, 10), figures(40, 5), figures(40.1, 5), figures(39.9, 5)});
  CHECK(decision.outcome == "converged");
  CHECK(decision.best == 1);
  REQUIRE(done.size() == 4);
  CHECK(done[3].plan.kind == RoundKind::amplitude);
  CHECK(done[3].plan.solint == "300s");
  const auto better = play(
      usual(), {figures(20, 10), figures(40, 5), figures(40.1, 5), figures(60, 2), figures(60, 2)});
  CHECK(better.first.outcome == "converged");
  CHECK(better.first.best == 3);
}

TEST_CASE(
    "a round that is a little better is taken after one that was clearly better, and only then") {
  const auto [decision, done] =
      play(usual(), {figures(20, 10), figures(40, 5), figures(41, 4.9), figures(41, 4.9)});
  CHECK(decision.outcome == "converged");
  CHECK(decision.best == 2);
  CHECK(play(usual(), {figures(20, 10), figures(20.5, 9.9)}).first.best == 0);
}

TEST_CASE("a round that is clearly worse has diverged") {
  const auto [decision, done] = play(usual(), {figures(20, 1), figures(15, 1)});
  CHECK(decision.outcome == "diverged");
  CHECK(decision.best == 0);
  CHECK(done.size() == 2);
  CHECK(play(usual(), {figures(20, 1), figures(25, 1.2)}).first.outcome == "diverged");
  const auto late = play(
      usual(), {figures(20, 10), figures(40, 5), figures(60, 3), figures(50, 3), figures(30, 8)});
  CHECK(late.first.outcome == "diverged");
  CHECK(late.first.best == 2);
}

TEST_CASE("rounds end at their largest number") {
  SelfcalRules rules = usual();
  rules.max_rounds = 2;
  const auto [decision, done] = play(rules, {figures(20, 10), figures(40, 5), figures(60, 3)});
  CHECK(decision.outcome == "max_iterations");
  CHECK(decision.best == 2);
}

TEST_CASE("solutions that are noisy or weak are not taken, however good the image") {
  const auto rejected = [](auto change) {
    RoundFigures bad = figures(100, 0.1);
    change(bad);
    return play(usual(), {figures(20, 1), bad}).first;
  };
  CHECK(rejected([](RoundFigures& f) { f.antenna_snr = 2.9; }).outcome == "low_antenna_snr");
  CHECK(rejected([](RoundFigures& f) { f.phase_spread_deg = 31; }).outcome == "noisy_gains");
  const SelfcalDecision failed = rejected([](RoundFigures& f) { f.error = "no solutions"; });
  CHECK(failed.outcome == "failed");
  CHECK(failed.best == 0);
  CHECK(failed.reason == "no solutions");
  // Of phases alone, amplitudes mean nothing.
  RoundFigures phases = figures(100, 0.1);
  phases.amplitude_scatter = 0.5;
  RoundFigures amplitudes = figures(200, 0.01);
  amplitudes.antenna_snr = 9;
  SelfcalRules rules = usual();
  rules.phase_solints = {"60s"};
  SelfcalDecision end = play(rules, {figures(20, 1), phases, amplitudes}).first;
  CHECK(end.outcome == "low_antenna_snr");
  CHECK(end.best == 1);
  amplitudes.antenna_snr = 40;
  amplitudes.amplitude_scatter = 0.31;
  end = play(rules, {figures(20, 1), phases, amplitudes}).first;
  CHECK(end.outcome == "noisy_gains");
  CHECK(end.best == 1);
}

TEST_CASE("nothing is begun with a faint image, with most data flagged, or without figures") {
  const auto start = [](RoundFigures first) { return decide(usual(), {{RoundPlan{}, first}}); };
  RoundFigures flagged = figures(20, 1);
  flagged.flagged = 0.6;
  RoundFigures broken = figures(20, 1);
  broken.error = "out of space";
  RoundFigures none;
  for (const RoundFigures& first : {figures(4.9, 1), flagged, broken, none}) {
    const SelfcalDecision decision = start(first);
    CHECK(decision.outcome == "failed");
    CHECK_FALSE(decision.next);
    CHECK(decision.best == 0);
    CHECK(decision.reason.rfind("not begun: ", 0) == 0);
  }
  CHECK(start(figures(5.1, 1)).next);
}

TEST_CASE("amplitudes can be left out") {
  SelfcalRules rules = usual();
  rules.amplitude_solint.clear();
  const auto [decision, done] =
      play(rules, {figures(20, 10), figures(40, 5), figures(60, 3), figures(80, 2)});
  CHECK(decision.outcome == "success");
  CHECK(done.size() == 4);
}
