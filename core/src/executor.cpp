// SPDX-License-Identifier: GPL-3.0-or-later
#include "executor.h"

#include <core/error.h>
#include <core/storage.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>

#include "context_state.h"
#include "in_stage.h"
#include "metrics_state.h"
#include "record_file.h"
#include "segment_run.h"

namespace skymill {

namespace {

/// Destroys the stages that work in a lane there, whichever way the run ends.
class ReleaseInLanes {
 public:
  ReleaseInLanes(Plan& plan, Lanes& lanes) : plan_(plan), lanes_(lanes) {}
  ~ReleaseInLanes() {
    for (PlannedStage& planned : plan_.stages) {
      if (!planned.planning || Planner::lane(planned).empty()) continue;
      lanes_.get(Planner::lane(planned))->run([&](const Lane::Token&) { planned.stage.reset(); });
    }
  }
  ReleaseInLanes(const ReleaseInLanes&) = delete;
  ReleaseInLanes& operator=(const ReleaseInLanes&) = delete;

 private:
  Plan& plan_;
  Lanes& lanes_;
};

/// What the progress line calls a segment: the stage whose work takes the time.
std::string segment_title(const Plan& plan, const Segment& segment) {
  std::string title = plan.stages[segment.head].name;
  for (const std::size_t index : segment.chain) title += " > " + plan.stages[index].name;
  return title;
}

/// Stages of a pass that no later pass has: a result's stage goes on in the pass that streams it.
std::vector<std::string> ending_stages(const Plan& plan, const Segment& segment) {
  std::vector<std::string> names{plan.stages[segment.head].name};
  for (const std::size_t index : segment.chain) {
    const bool goes_on = std::any_of(
        plan.segments.begin(), plan.segments.end(),
        [&](const Segment& other) { return other.head_is_result && other.head == index; });
    if (!goes_on) names.push_back(plan.stages[index].name);
  }
  return names;
}

/// @param done  units that an earlier run has made
PassFacts pass_facts(const Plan& plan, const Segment& segment, int threads, std::size_t done) {
  const std::size_t chunks = Planner::output(plan.stages[segment.head]).chunks;
  PassFacts facts;
  facts.title = segment_title(plan, segment);
  facts.stages.push_back(plan.stages[segment.head].name);
  for (const std::size_t index : segment.chain) facts.stages.push_back(plan.stages[index].name);
  facts.ending = ending_stages(plan, segment);
  facts.units = chunks - std::min(chunks, done);
  facts.workers = std::min(segment.tokens, static_cast<std::size_t>(threads));
  facts.makes_units = segment.head_is_result;
  return facts;
}

}  // namespace

/// Runs `f(ctx)` with the context of a stage, in its lane if it has one.
template <class F>
auto Executor::in_lane(const PlannedStage& planned, F&& f) {
  const PipelineContext ctx = ctx_->with_stage(planned.name);
  if (Planner::lane(planned).empty()) return f(ctx);
  return ctx.lanes().get(Planner::lane(planned))->run([&](const Lane::Token& token) {
    return f(ctx.with_lane_token(token));
  });
}

void Executor::run(Plan& plan, PipelineContext ctx) {
  ctx_ = std::move(ctx);
  done_.assign(plan.stages.size(), false);
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(ctx_->threads()));
  tbb::task_arena arena(ctx_->threads());
  const ReleaseInLanes release(plan, ctx_->lanes());
  for (Segment& segment : plan.segments) {
    look_around(plan);
    ctx_->throw_if_stopped();
    if (!leave_out_what_stands(plan, segment)) continue;
    if (const auto lacking = lacks(plan, segment)) {
      note_failure(*ctx_, *lacking);
      set_failed(segment);
      continue;
    }
    arena.execute([&] { run_or_go_on(plan, segment); });
  }
  if (ctx_->state().services->notes.failures.empty())
    ctx_->state().services->resumption.set_ended(utc_text(std::chrono::system_clock::now()));
}

void Executor::run_or_go_on(Plan& plan, Segment& segment) {
  if (plan.stages[segment.head].type->shape != Shape::task) return run_segment(plan, segment);
  try {
    run_task(plan, segment.head);
  } catch (const Error& error) {
    const FailurePolicy& policy = plan.stages[segment.head].on_failure;
    if (!policy.goes_on || error.kind() == ErrorKind::requeue) throw;
    note_failure(*ctx_, error.what());
    set_failed(segment);
  }
}

void Executor::set_failed(const Segment& segment) {
  failed_.insert(segment.head);
  failed_.insert(segment.chain.begin(), segment.chain.end());
}

/// In words, which stage of a pass needs one that has failed.
std::optional<std::string> Executor::lacks(const Plan& plan, const Segment& segment) const {
  std::vector<std::size_t> stages{segment.head};
  stages.insert(stages.end(), segment.chain.begin(), segment.chain.end());
  for (const std::size_t index : stages) {
    const PlannedStage& stage = plan.stages[index];
    std::vector<std::size_t> needed = stage.after;
    if (stage.input) needed.push_back(*stage.input);
    for (const auto& [port, from] : stage.sides) needed.push_back(from);
    for (const std::size_t giver : needed) {
      if (!failed_.count(giver)) continue;
      return "'" + stage.name + "' is left out, because '" + plan.stages[giver].name + "' failed";
    }
  }
  return std::nullopt;
}

/// Plans what can be planned, and finds out what of it earlier runs have made.
void Executor::look_around(Plan& plan) {
  Resumption& resumption = ctx_->state().services->resumption;
  do {
    planner_.plan_ready(plan, done_, *ctx_);
    if (!resumption.look(plan, *ctx_)) break;
    for (const auto& [index, stage] : resumption.stages()) {
      if (stage.stands()) done_[index] = true;
    }
  } while (true);
  planner_.check_products(plan, &resumption);
}

/// Takes out of a pass the stages whose products stand, and those that only work for them.
/// @return false when nothing is left to do
bool Executor::leave_out_what_stands(const Plan& plan, Segment& segment) {
  const Resumption& resumption = ctx_->state().services->resumption;
  std::erase_if(segment.chain, [&](std::size_t index) {
    const bool needed = resumption.is_needed(plan, index);
    if (!needed) done_[index] = true;
    return !needed;
  });
  const bool is_left = !segment.chain.empty() || resumption.is_needed(plan, segment.head);
  if (!is_left) done_[segment.head] = true;
  return is_left;
}

/// Goes on with what is there of the products of a pass.
void Executor::begin_resumable(const Plan& plan, const Segment& segment) {
  Resumption& resumption = ctx_->state().services->resumption;
  std::vector<const ResumableStage*> by_units;
  bool all = segment.head_is_result;
  for (const std::size_t index : segment.chain) {
    const PlannedStage& planned = plan.stages[index];
    if (planned.type->shape == Shape::transform) continue;
    ResumableStage* resumable = resumption.find(index);
    all = all && resumable;
    if (!resumable) continue;
    in_stage(planned.name, [&] {
      in_lane(planned, [&](const PipelineContext& ctx) {
        resumable->begin(*planned.stage, segment.head_is_result, Planner::concurrent(planned), ctx);
        if (segment.head_is_result) {
          resumable->reserve(Planner::output(plan.stages[segment.head]).chunks);
        }
      });
    });
    by_units.push_back(resumable);
  }
  if (all) resumption.set_below(plan.stages[segment.head].name, std::move(by_units));
}

/// Leases space for what the stage wants staged; after the memory that the work itself needs.
void Executor::admit_products(const PlannedStage& planned) {
  in_stage(planned.name, [&] {
    ctx_->state().services->staging.admit(Planner::products(planned),
                                          ctx_->with_stage(planned.name));
  });
}

void Executor::run_task(Plan& plan, std::size_t index) {
  PlannedStage& planned = plan.stages[index];
  ctx_->log().info("running " + planned.name);
  const PipelineContext before = *ctx_;
  admit_products(planned);
  ResumableStage* resumable = ctx_->state().services->resumption.find(index);
  const PassWatch watch(ctx_->state().services->watch,
                        {planned.name, {planned.name}, {planned.name}});
  in_stage(planned.name, [&] {
    if (resumable) resumable->begin(*planned.stage, false, false, ctx_->with_stage(planned.name));
    const TimedCall timed(ctx_->metrics().state().timing(planned.name));
    try_as_asked(planned, ctx_->with_stage(planned.name), [&](const PipelineContext& attempt) {
      const Scratch scratch(ctx_->scratch_root(), planned.name);
      ctx_ = without_deadline(planned.stage->perform(attempt, scratch.path()))
                 .with_stage(before.stage());
    });
    if (resumable) resumable->set_complete();
  });
  done_[index] = true;
}

void Executor::run_segment(Plan& plan, Segment& segment) {
  const std::string title = segment_title(plan, segment);
  Planner::size_segment(plan, segment, ctx_->memory().free(), ctx_->threads());
  for (const std::size_t index : segment.chain) {
    const PlannedStage& planned = plan.stages[index];
    if (planned.type->shape != Shape::reduce) continue;
    held_state_[index] = ctx_->memory().reserve(Planner::state_bytes(planned),
                                                "'" + planned.name + "' (accumulated data)");
  }
  const MemoryShare in_flight =
      ctx_->memory().reserve(segment.reserved(), "'" + title + "' (chunks in flight)");
  if (!segment.head_is_result) admit_products(plan.stages[segment.head]);
  for (const std::size_t index : segment.chain) admit_products(plan.stages[index]);
  ctx_->log().debug(title + ": " + std::to_string(segment.tokens) + " chunks in flight");

  begin_resumable(plan, segment);
  AnyStream* result = nullptr;
  if (segment.head_is_result) result = &results_.at(segment.head);
  auto& services = *ctx_->state().services;
  const std::size_t done = services.resumption.count_done(plan.stages[segment.head].name);
  PassWatch watch(services.watch, pass_facts(plan, segment, ctx_->threads(), done));
  const std::shared_ptr<const AnyChunk> kept = in_stage(plan.stages[segment.head].name, [&] {
    return run_pass(plan, segment, *ctx_, result, watch);
  });
  if (kept) add_sides(plan, segment.head, kept);
  if (segment.head_is_result) {
    results_.erase(segment.head);
    held_state_.erase(segment.head);
  }
  done_[segment.head] = true;
  for (const std::size_t index : segment.chain) {
    conclude(plan, index);
    done_[index] = true;
  }
}

bool Executor::has_stream_consumer(const Plan& plan, std::size_t index) const {
  for (const Segment& segment : plan.segments) {
    if (segment.head_is_result && segment.head == index) return true;
  }
  return false;
}

void Executor::conclude(Plan& plan, std::size_t index) {
  PlannedStage& planned = plan.stages[index];
  if (planned.type->shape == Shape::transform) return;
  AnyStream stream = in_stage(planned.name, [&] {
    return in_lane(planned, [&](const PipelineContext& ctx) {
      const TimedCall timed(ctx_->metrics().state().timing(planned.name));
      return planned.stage->conclude(ctx);
    });
  });
  if (ResumableStage* resumable = ctx_->state().services->resumption.find(index)) {
    in_stage(planned.name, [&] { resumable->set_complete(); });
  }
  if (planned.type->shape != Shape::reduce) return;
  if (has_stream_consumer(plan, index)) {
    results_[index] = std::move(stream);
  } else {
    store_sides(plan, index, std::move(stream));
    held_state_.erase(index);
  }
}

/// A result that other stages take whole: its one chunk becomes their side input.
void Executor::store_sides(Plan& plan, std::size_t index, AnyStream stream) {
  PlannedStage& planned = plan.stages[index];
  in_stage(planned.name, [&] {
    auto work = stream.next();
    if (!work) throw Error(ErrorKind::failed, "it gave no result");
    auto chunk = std::make_shared<AnyChunk>((*work)(ctx_->with_stage(planned.name)));
    if (stream.next()) {
      throw Error(ErrorKind::failed, "it gave several results where a later stage takes one");
    }
    add_sides(plan, index, chunk);
  });
}

void Executor::add_sides(const Plan& plan, std::size_t index,
                         const std::shared_ptr<const AnyChunk>& chunk) {
  for (const PlannedStage& stage : plan.stages) {
    for (const auto& [port, from] : stage.sides) {
      if (from != index) continue;
      ctx_ = ctx_->with_product(side_product_key(stage.name, port), chunk->kind(),
                                std::shared_ptr<const void>(chunk, chunk->value()));
    }
  }
}

}  // namespace skymill
