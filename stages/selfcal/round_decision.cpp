// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/selfcal/round_decision.h>

#include <cstdio>

namespace skymill::radio {

namespace {

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

RoundVerdict judge_start(const SelfcalRules& rules, const RoundFigures& first) {
  const auto snr = first.snr();
  if (snr && *snr < rules.min_snr) {
    return {"failed",
            "not begun: the image has SNR " + text_of(*snr) + ", below " + text_of(rules.min_snr)};
  }
  if (first.flagged && *first.flagged > rules.max_flagged) {
    return {"failed", "not begun: " + text_of(100 * *first.flagged) + " % of the data are flagged"};
  }
  if (!first.error.empty()) return {"failed", "not begun: " + first.error};
  if (!snr || !first.chi2) return {"failed", "not begun: the first image has no figures"};
  return {"start", "SNR " + text_of(*snr)};
}

RoundVerdict judge_round(const SelfcalRules& rules, const DoneRound& round,
                         const RoundFigures& best) {
  const RoundFigures& f = round.figures;
  // Solutions that are rejected may well have made a bad image, or none.
  const bool amplitude = round.plan.kind == RoundKind::amplitude;
  const double least_snr =
      amplitude ? rules.min_antenna_snr_amplitude : rules.min_antenna_snr_phase;
  if (f.antenna_snr && *f.antenna_snr < least_snr) {
    return {"low_antenna_snr",
            "solutions have SNR " + text_of(*f.antenna_snr) + ", below " + text_of(least_snr)};
  }
  if (f.phase_spread_deg && *f.phase_spread_deg > rules.max_phase_spread_deg) {
    return {"noisy_gains", "phases scatter by " + text_of(*f.phase_spread_deg) +
                               " deg across antennas, more than " +
                               text_of(rules.max_phase_spread_deg)};
  }
  if (amplitude && f.amplitude_scatter && *f.amplitude_scatter > rules.max_amplitude_scatter) {
    return {"noisy_gains", "amplitudes scatter by " + text_of(*f.amplitude_scatter) +
                               " across antennas, more than " +
                               text_of(rules.max_amplitude_scatter)};
  }
  if (!f.error.empty()) return {"failed", f.error};
  if (!f.snr() || !f.chi2) return {"failed", "the round has no figures"};
  const double snr = *f.snr() / *best.snr();
  const double chi2 = *f.chi2 / *best.chi2;
  const std::string figures = "SNR times " + text_of(snr) + ", chi squared times " + text_of(chi2);
  if (snr >= rules.snr_ratio && chi2 <= rules.chi2_ratio) return {"improved", figures};
  if (snr < 1 / rules.snr_ratio || chi2 > 1 / rules.chi2_ratio) return {"diverged", figures};
  return {"stalled", figures};
}

bool is_better(const RoundFigures& one, const RoundFigures& other) {
  return *one.snr() > *other.snr() && *one.chi2 < *other.chi2;
}

/// The name for the whole when rounds are over.
std::string outcome_of(const SelfcalDecision& decision, bool all_done) {
  if (decision.verdicts.size() < 2) return "no_improvement";  // there was nothing to do
  const std::string& last = decision.verdicts.back().word;
  if (last == "stalled") return decision.best > 0 ? "converged" : "no_improvement";
  if (last != "improved") return last;
  for (const RoundVerdict& verdict : decision.verdicts) {
    if (verdict.word != "improved" && verdict.word != "start") return "converged";
  }
  return all_done ? "success" : "max_iterations";
}

}  // namespace

SelfcalDecision decide(const SelfcalRules& rules, const std::vector<DoneRound>& done) {
  SelfcalDecision decision;
  decision.verdicts.push_back(judge_start(rules, done.front().figures));
  if (decision.verdicts.front().word == "failed") {
    decision.outcome = "failed";
    decision.reason = decision.verdicts.front().reason;
    return decision;
  }
  std::size_t phases = 0;
  bool phases_over = false, amplitudes_over = rules.amplitude_solint.empty();
  bool amplitudes_done = amplitudes_over;
  for (std::size_t k = 1; k < done.size(); ++k) {
    decision.verdicts.push_back(judge_round(rules, done[k], done[decision.best].figures));
    const std::string& word = decision.verdicts.back().word;
    const bool improved = word == "improved";
    // Without any clear improvement, what is a little better may only fit the noise.
    const bool goes_along = word == "stalled" && decision.best > 0 &&
                            is_better(done[k].figures, done[decision.best].figures);
    if (improved || goes_along) decision.best = k;
    if (done[k].plan.kind == RoundKind::amplitude) {
      amplitudes_done = true;
      amplitudes_over = !improved;
    } else {
      ++phases;
      phases_over = phases_over || !improved;
    }
  }
  const bool phases_left = !phases_over && phases < rules.phase_solints.size();
  const bool amplitudes_left = !amplitudes_over && decision.best > 0;
  if (done.size() <= rules.max_rounds) {
    if (phases_left) {
      decision.next = RoundPlan{RoundKind::phase, rules.phase_solints[phases], ""};
      return decision;
    }
    if (amplitudes_left) {
      decision.next =
          RoundPlan{RoundKind::amplitude, done[decision.best].plan.solint, rules.amplitude_solint};
      return decision;
    }
  }
  decision.outcome = outcome_of(decision, !phases_left && (amplitudes_done || !amplitudes_left));
  decision.reason = decision.verdicts.back().reason;
  return decision;
}

}  // namespace skymill::radio
