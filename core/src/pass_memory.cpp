// SPDX-License-Identifier: GPL-3.0-or-later
#include "pass_memory.h"

#include <core/error.h>
#include <core/units.h>

#include <algorithm>
#include <map>

#include "pass_work.h"

namespace skymill {

namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

std::string bytes_text(std::size_t bytes) {
  return format_quantity(static_cast<double>(bytes), "B");
}

/// The least budget for a pass, when it needs more than `total`. A source cuts larger chunks for a
/// larger budget, of a thirty-second of it, of which up to four are held.
std::size_t budget_for(const PassMemory& pass, std::size_t total, std::size_t program) {
  const std::size_t need = pass.least() + program;
  if (need <= total || pass.segment.head_is_result) return need;
  return total + (need - total) * 8 / 7 + 1;
}

}  // namespace

std::vector<PassMemory> memory_of_passes(const Plan& plan, std::size_t free_bytes, int threads) {
  std::vector<PassMemory> passes;
  std::map<std::size_t, std::size_t> held;  // by stage
  for (const Segment& segment : plan.segments) {
    PassMemory pass;
    pass.segment = segment;
    pass.title = pass_title(plan, segment);
    pass.is_planned = is_planned(plan, segment);
    pass.is_task = plan.stages[segment.head].type->shape == Shape::task;
    for (const auto& [stage, bytes] : held) pass.held += bytes;
    if (pass.is_planned && !pass.is_task) {
      Planner::size_segment(plan, pass.segment, free_bytes - std::min(free_bytes, pass.held),
                            threads);
      for (const std::size_t index : segment.chain) {
        const PlannedStage& stage = plan.stages[index];
        if (stage.type->shape != Shape::reduce || !is_streamed_later(plan, index)) continue;
        held[index] = Planner::state_bytes(stage) + stage.leased_memory;
      }
    }
    if (segment.head_is_result) held.erase(segment.head);
    passes.push_back(std::move(pass));
  }
  return passes;
}

std::size_t least_budget(const std::vector<PassMemory>& passes, std::size_t total,
                         std::size_t program) {
  std::size_t least = 0;
  for (const PassMemory& pass : passes) {
    if (!pass.is_planned || pass.is_task) continue;
    least = std::max(least, budget_for(pass, total, program));
  }
  return (least + kMebibyte - 1) / kMebibyte * kMebibyte;
}

void require_memory(const std::vector<PassMemory>& passes, const MemoryBudget& budget,
                    std::size_t program) {
  const PassMemory* worst = nullptr;
  for (const PassMemory& pass : passes) {
    if (!pass.is_planned || pass.is_task || pass.least() + program <= budget.total()) continue;
    if (!worst || pass.least() > worst->least()) worst = &pass;
  }
  if (!worst) return;
  std::string parts;
  const auto add = [&](std::size_t bytes, const std::string& what) {
    if (bytes > 0) parts += (parts.empty() ? "" : ", ") + bytes_text(bytes) + " " + what;
  };
  const Segment& segment = worst->segment;
  add(segment.chunk_footprint, "for one chunk in work");
  add(segment.queued, "for chunks that wait");
  add(segment.state, "accumulated");
  add(worst->held, "held from earlier passes");
  add(segment.leased, "of files in memory");
  add(program, "for the program itself");
  const std::size_t least = least_budget(passes, budget.total(), program);
  throw Error(ErrorKind::resources,
              "'" + worst->title + "' needs " + bytes_text(worst->least() + program) +
                  " of memory at least: " + parts + "; the budget is " +
                  bytes_text(budget.total()) + " (" + budget.reason() + ")",
              "give --memory " + std::to_string(least / kMebibyte) +
                  "MiB or more, or make the work smaller");
}

}  // namespace skymill
