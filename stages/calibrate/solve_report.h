// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <stages/calibrate/solution_slots.h>
#include <stages/calibrate/solve_params.h>
#include <stages/data/solutions.h>

#include <cstddef>

namespace skymill::radio {

/// @throws Error (input) that says why, when not one solution is good
void require_solutions(const Solutions& solutions, const SolveCounts& counts,
                       const SolveParams& params);

/// Writes counters, the table `antennas` and reasons for doubt into the run record
/// (calibration.md 5.4, 5.10).
/// @param reference  the antenna of phase 0
/// @param broken     how often phases could not be carried from one interval to the next
void report_solutions(const Solutions& solutions, const SolveCounts& counts,
                      const SolveParams& params, std::size_t reference, std::size_t broken,
                      const PipelineContext& ctx);

}  // namespace skymill::radio
