// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission.h"

#include <algorithm>

namespace skymill {

namespace {

/// Accumulators of a pass that stay when it has ended, by stage.
std::map<std::size_t, std::size_t> kept_by(const Plan& plan, const Segment& segment) {
  std::map<std::size_t, std::size_t> kept;
  for (const std::size_t index : segment.chain) {
    if (is_streamed_later(plan, index)) kept[index] = Planner::state_bytes(plan.stages[index]);
  }
  return kept;
}

std::size_t sum_of(const std::map<std::size_t, std::size_t>& kept) {
  std::size_t sum = 0;
  for (const auto& [stage, bytes] : kept) sum += bytes;
  return sum;
}

/// The most that the passes need, one after the other, that stream what a reduce has gathered. Of
/// passes that cannot be planned yet nothing is known.
std::size_t needed_later(const Plan& plan, std::size_t reduce) {
  std::size_t most = 0;
  for (const Segment& segment : plan.segments) {
    if (!segment.head_is_result || segment.head != reduce || !is_planned(plan, segment)) continue;
    most = std::max(most, least_memory(plan, segment));
    const auto kept = kept_by(plan, segment);
    for (const auto& [next, bytes] : kept) {
      most = std::max(most, sum_of(kept) + needed_later(plan, next));
    }
  }
  return most;
}

}  // namespace

std::size_t least_memory(const Plan& plan, const Segment& segment) {
  Segment sized = segment;
  Planner::size_segment(plan, sized, 0, 1);
  return sized.reserved() + sized.state + sized.leased;
}

std::vector<std::size_t> Admission::choose(const Plan& plan,
                                           const std::vector<std::size_t>& candidates,
                                           std::size_t most, bool going_on) const {
  std::vector<std::size_t> chosen;
  std::size_t free = memory_.free();
  std::map<std::size_t, std::size_t> kept = kept_;
  for (const std::size_t pass : candidates) {
    if (chosen.size() == most) break;
    const Segment& segment = plan.segments[pass];
    const std::size_t least = least_memory(plan, segment);
    if (least > free) continue;
    auto kept_then = kept;
    kept_then.merge(kept_by(plan, segment));
    std::size_t later = 0;
    for (const auto& [reduce, bytes] : kept_then) {
      later = std::max(later, needed_later(plan, reduce));
    }
    if (kept_then.size() > kept.size() && sum_of(kept_then) + later > memory_.total()) continue;
    kept = std::move(kept_then);
    free -= least;
    chosen.push_back(pass);
  }
  if (chosen.empty() && !going_on && !candidates.empty()) chosen.push_back(candidates.front());
  return chosen;
}

void Admission::admit(Plan& plan, std::size_t pass, const std::vector<std::size_t>& others,
                      int threads, PassStart& start) {
  Segment& segment = plan.segments[pass];
  const std::size_t free = memory_.free();
  std::size_t left_to_others = 0;
  for (const std::size_t other : others) {
    left_to_others += least_memory(plan, plan.segments[other]);
  }
  const std::size_t least = least_memory(plan, segment);
  std::size_t share = free;
  if (!others.empty()) {
    const std::size_t surplus = free - std::min(free, left_to_others + least);
    share = least + surplus / (others.size() + 1);
  }
  Planner::size_segment(plan, segment, share, threads);
  for (const std::size_t index : segment.chain) {
    const PlannedStage& planned = plan.stages[index];
    if (planned.type->shape != Shape::reduce) continue;
    start.state[index] =
        memory_.reserve(Planner::state_bytes(planned), "'" + planned.name + "' (accumulated data)");
  }
  start.in_flight =
      memory_.reserve(segment.reserved(), "'" + pass_title(plan, segment) + "' (chunks in flight)");
  segment.held = sum_of(kept_);
  kept_.merge(kept_by(plan, segment));
}

}  // namespace skymill
