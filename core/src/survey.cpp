// SPDX-License-Identifier: GPL-3.0-or-later
#include "survey.h"

#include <core/error.h>
#include <core/units.h>

#include <algorithm>

#include "admission.h"

namespace skymill {

namespace {

std::string text(std::size_t bytes) { return format_quantity(static_cast<double>(bytes), "B"); }

/// Refuses a plan with a pass that would not fit even if it went on alone, with one chunk in
/// flight.
void check_memory(const Plan& plan, const PipelineContext& ctx) {
  const Resumption& resumption = ctx.state().services->resumption;
  for (const Segment& segment : plan.segments) {
    if (!is_planned(plan, segment)) continue;
    const auto stages = segment.own_stages();
    const bool has_work = std::any_of(stages.begin(), stages.end(), [&](std::size_t index) {
      return resumption.is_needed(plan, index);
    });
    if (!has_work) continue;
    Segment least = segment;
    Planner::size_segment(plan, least, 0, 1);
    if (segment.head_is_result) least.state += Planner::state_bytes(plan.stages[segment.head]);
    const std::size_t bytes = least.reserved() + least.state;
    if (bytes <= ctx.memory().total()) continue;
    throw Error(ErrorKind::resources,
                "'" + pass_title(plan, segment) + "' needs " + text(bytes) + " of memory (" +
                    text(least.chunk_footprint) + " for one chunk in flight, " +
                    text(least.queued) + " queued, " + text(least.state) +
                    " accumulated); the budget is " + text(ctx.memory().total()) + " (" +
                    ctx.memory().reason() + ")",
                "give more with --memory, or make the work smaller");
  }
}

}  // namespace

void look_around(Planner& planner, Plan& plan, std::vector<bool>& done, const PipelineContext& ctx,
                 Resumption::Look how) {
  Resumption& resumption = ctx.state().services->resumption;
  for (;;) {
    planner.plan_ready(plan, done, ctx);
    if (!resumption.look(plan, ctx, how)) break;
    for (const auto& [index, stage] : resumption.stages()) {
      if (stage.stands()) done[index] = true;
    }
  }
}

void look_ahead(Planner& planner, Plan& plan, const PipelineContext& ctx) {
  std::vector<bool> done(plan.stages.size(), false);
  look_around(planner, plan, done, ctx, Resumption::Look::only_look);
}

void check_room(Planner& planner, const Plan& plan, const PipelineContext& ctx) {
  planner.check_products(plan, &ctx.state().services->resumption);
  check_memory(plan, ctx);
}

}  // namespace skymill
