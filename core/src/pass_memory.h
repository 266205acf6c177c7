// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/memory.h>

#include <cstddef>
#include <string>
#include <vector>

#include "plan.h"

namespace skymill {

/// What one pass of a plan takes of the budget.
struct PassMemory {
  Segment segment;         ///< with its numbers for what the passes before it leave free
  bool is_planned = true;  ///< false: the numbers are known only once its inputs exist
  bool is_task = false;    ///< a task says nothing of its memory
  std::size_t held = 0;    ///< results of earlier passes that are still to be streamed
  std::string title;       ///< its stages

  /// With one chunk in flight.
  std::size_t least() const {
    return held + segment.state + segment.leased + segment.queued + segment.chunk_footprint;
  }
  std::size_t all() const { return held + segment.state + segment.leased + segment.reserved(); }
};

/// The passes of a plan in their order.
/// @param free_bytes  of the budget, before the first of them
std::vector<PassMemory> memory_of_passes(const Plan& plan, std::size_t free_bytes, int threads);

/// The least budget under which all of these passes would run, whole MiB; 0 when none is planned.
/// @param total, program  the budget for which they are planned, and what of it the program takes
std::size_t least_budget(const std::vector<PassMemory>& passes, std::size_t total,
                         std::size_t program);

/// Refuses passes for which the budget is too small even with one chunk in flight.
/// @param program  bytes that the program itself takes of the budget
/// @throws Error (resources) that names the numbers and the least budget that would do
void require_memory(const std::vector<PassMemory>& passes, const MemoryBudget& budget,
                    std::size_t program);

}  // namespace skymill
