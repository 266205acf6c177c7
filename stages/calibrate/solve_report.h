// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <stages/calibrate/phase_reference.h>
#include <stages/calibrate/solution_outliers.h>
#include <stages/calibrate/solution_slots.h>
#include <stages/calibrate/solve_params.h>
#include <stages/data/calibration.h>
#include <stages/data/solutions.h>

#include <cstddef>
#include <string>

namespace skymill::radio {

/// @throws Error (input) that says why, when not one solution is good
void require_solutions(const Solutions& solutions, const SolveCounts& counts,
                       const SolveParams& params);

/// What became of solutions after they were found.
struct SolutionFate {
  std::size_t reference = 0;  ///< the antenna of phase 0
  PhaseBreaks phases;
  OutlierCounts outliers;
  std::size_t filled = 0;  ///< gaps of a bandpass
};

/// The term that carries the flux scale, by name and letter: the first one that has amplitudes; or
/// that none does (calibration.md 5.7).
std::string flux_scale_words(const Calibration& calibration);

/// @throws Error (input) when a normalised bandpass leaves the flux scale to no term, and
///         `flux_scale` does not say that this is meant
void require_flux_scale(const Calibration& calibration, const SolveParams& params);

/// Writes counters, the table `antennas` and reasons for doubt into the run record
/// (calibration.md 5.4, 5.10).
/// @throws Error (input) for a reason to doubt all the solutions, when `doubtful` is fail
void report_solutions(const Solutions& solutions, const SolveCounts& counts,
                      const SolveParams& params, const SolutionFate& fate,
                      const PipelineContext& ctx);

}  // namespace skymill::radio
