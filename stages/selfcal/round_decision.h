// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/selfcal/round_figures.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// When self-calibration goes on, and when a round's solutions are not taken (dsa110.md 3.8).
struct SelfcalRules {
  std::vector<std::string> phase_solints;  ///< of the phase rounds, in turn
  std::string amplitude_solint;            ///< of the rounds for amplitudes; empty for none
  std::size_t max_rounds = 5;              ///< that solve
  double min_snr = 5;                      ///< of the first image, to begin at all
  double max_flagged = 0.5;
  double snr_ratio = 1.05;  ///< at least so much better in each round
  double chi2_ratio = 0.95;
  double min_antenna_snr_phase = 3;
  double min_antenna_snr_amplitude = 10;
  double max_phase_spread_deg = 30;
  double max_amplitude_scatter = 0.3;
};

enum class RoundKind { image, phase, amplitude };

/// What a round is to do. The first, of kind image, solves nothing.
struct RoundPlan {
  RoundKind kind = RoundKind::image;
  std::string solint;            ///< for phases; for amplitudes that of the best round
  std::string amplitude_solint;  ///< for amplitudes, on top of the phases
};

struct DoneRound {
  RoundPlan plan;
  RoundFigures figures;
};

/// What became of a round.
struct RoundVerdict {
  /// start, improved, stalled, diverged, low_antenna_snr, noisy_gains or failed.
  std::string word;
  std::string reason;
};

struct SelfcalDecision {
  std::optional<RoundPlan> next;  ///< absent at the end
  std::size_t best = 0;           ///< number of the round that is kept so far
  std::vector<RoundVerdict> verdicts;
  /// At the end: success, converged, max_iterations, diverged, failed, no_improvement,
  /// low_antenna_snr or noisy_gains.
  std::string outcome;
  std::string reason;
};

/// Judges the rounds done so far against the best before each, and says what comes next. Nothing is
/// taken before a round's image is clearly better. The first round that is not ends the rounds for
/// phases; it is still taken when it is a little better than one that was. Amplitudes are solved
/// for only after phases that were taken, together with phases anew, as often as that improves the
/// image.
/// @param done  at least the first round
SelfcalDecision decide(const SelfcalRules& rules, const std::vector<DoneRound>& done);

}  // namespace skymill::radio
