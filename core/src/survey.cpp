// SPDX-License-Identifier: GPL-3.0-or-later
#include "survey.h"

#include <algorithm>

#include "pass_memory.h"

namespace skymill {

namespace {

/// Refuses a plan with a pass that would not fit even if it went on alone, with one chunk in
/// flight, before the first begins.
void check_memory(const Plan& plan, const PipelineContext& ctx) {
  const auto& services = *ctx.state().services;
  const std::size_t total = ctx.memory().total();
  auto passes =
      memory_of_passes(plan, total - std::min(total, services.program_bytes), ctx.threads());
  std::erase_if(passes, [&](const PassMemory& pass) {
    const auto stages = pass.segment.own_stages();
    return std::none_of(stages.begin(), stages.end(), [&](std::size_t index) {
      return services.resumption.is_needed(plan, index);
    });
  });
  require_memory(passes, ctx.memory(), services.program_bytes);
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
