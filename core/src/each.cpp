// SPDX-License-Identifier: GPL-3.0-or-later
#include "each.h"

#include <algorithm>

#include "words.h"

namespace skymill {

void EachSource::build(const Descriptor& descriptor, bool follow) {
  const EachEntry& each = *descriptor.each;
  Descriptor alone;
  alone.file = descriptor.file;
  alone.stages.push_back(each.source);
  if (follow) {
    const Where by{"skymill watch", 0, 0};
    alone.stages.front().settings.set({"follow", by, SettingValue::scalar("true", by)});
  }
  plan_ = planner_.build(alone);
  if (plan_.stages.empty()) return;  // its mistake is reported
  const StageType& type = *plan_.stages.front().type;
  const bool gives_items = type.shape == Shape::source && !type.ports.outputs().empty() &&
                           type.ports.outputs().front().need.kind == WorkItem::kDataKind;
  if (gives_items) return check_uses(each);
  diagnostics_.error(each.source.use_where,
                     "'each' needs a source of " + WorkItem::kDataKind.text() + ", and " +
                         in_quotes(type.name) + " is none",
                     "'skymill describe STAGE' shows what a stage gives");
}

void EachSource::check_uses(const EachEntry& each) {
  std::vector<std::string> names = plan_.stages.front().type->ports.outputs().front().need.columns;
  names.push_back("name");
  for (const ScalarText& use : each.uses) {
    if (std::find(names.begin(), names.end(), use.text) != names.end()) continue;
    std::string hint = did_you_mean(use.text, names);
    if (hint.empty()) hint = "they have: " + joined(names);
    diagnostics_.error(use.where,
                       "the items of " + in_quotes(plan_.stages.front().type->name) + " have no " +
                           in_quotes(use.text),
                       hint);
  }
}

void EachSource::check_stages(const Descriptor& descriptor) {
  Descriptor stages = descriptor;
  stages.require.clear();  // they may compare what an item gives
  Planner(registry_, diagnostics_).build(stages);
}

void EachSource::open(const PipelineContext& ctx) { planner_.plan_ready(plan_, {}, ctx); }

std::optional<WorkItem> EachSource::next(const PipelineContext& ctx) {
  PlannedStage& planned = plan_.stages.front();
  auto chunk = planned.stage->pull(ctx.with_stage(planned.name));
  if (!chunk) return std::nullopt;
  return std::move(*chunk->take<WorkItem>());
}

}  // namespace skymill
