// SPDX-License-Identifier: GPL-3.0-or-later
#include "pass_work.h"

#include <core/error.h>
#include <core/storage.h>

#include <algorithm>

#include "draft_leftovers.h"
#include "in_stage.h"
#include "metrics_state.h"
#include "segment_run.h"

namespace skymill {

namespace {

/// Stages of a pass that no later pass has: a result's stage goes on in the pass that streams it.
std::vector<std::string> ending_stages(const Plan& plan, const Segment& segment) {
  std::vector<std::string> names{plan.stages[segment.head].name};
  for (const std::size_t index : segment.chain) {
    if (!is_streamed_later(plan, index)) names.push_back(plan.stages[index].name);
  }
  return names;
}

/// @param done  units that an earlier run has made
PassFacts pass_facts(const Plan& plan, const Segment& segment, std::size_t workers,
                     std::size_t done) {
  const std::size_t chunks = Planner::output(plan.stages[segment.head]).chunks;
  PassFacts facts;
  facts.title = pass_title(plan, segment);
  facts.stages.push_back(plan.stages[segment.head].name);
  for (const std::size_t index : segment.chain) facts.stages.push_back(plan.stages[index].name);
  facts.ending = ending_stages(plan, segment);
  facts.units = chunks - std::min(chunks, done);
  facts.workers = std::min(segment.tokens, workers);
  facts.makes_units = segment.head_is_result;
  return facts;
}

class PassWork {
 public:
  PassWork(const Plan& plan, const Segment& segment, PassStart start)
      : plan_(plan), segment_(segment), start_(std::move(start)), ctx_(start_.ctx) {}

  PassEnd make() {
    if (head().type->shape == Shape::task) {
      run_task();
    } else {
      run_segment();
    }
    return std::move(end_);
  }

 private:
  const PlannedStage& head() const { return plan_.stages[segment_.head]; }
  Resumption& resumption() const { return ctx_.state().services->resumption; }
  StageTiming& timing(const std::string& stage) const {
    return ctx_.metrics().state().timing(stage);
  }

  /// Runs `f(ctx)` with the context of a stage, in its lane if it has one.
  template <class F>
  auto in_lane(const PlannedStage& planned, F&& f) const {
    const PipelineContext ctx = ctx_.with_stage(planned.name);
    if (Planner::lane(planned).empty()) return f(ctx);
    return ctx.lanes().get(Planner::lane(planned))->run([&](const Lane::Token& token) {
      return f(ctx.with_lane_token(token));
    });
  }

  /// Runs a stage's own code that is no unit's.
  template <class F>
  void call(const PlannedStage& planned, const F& f) const {
    Profile* const profile = ctx_.state().services->profile.get();
    if (!profile) return f();
    profile->run({profile->stage(planned.name), 0, 0, false,
                  Planner::lane(planned).empty() ? "worker" : "lane"},
                 f);
  }

  /// Leases space for what the stage wants staged; after the memory that the work itself needs.
  void admit_products(const PlannedStage& planned) const {
    for (const auto& product : Planner::products(planned)) {
      if (product.scratch || Planner::is_resumable(planned)) continue;
      const auto left = left_unfinished(product.path);
      if (left) ctx_.log().info("'" + product.path + "' is made anew: " + *left);
    }
    in_stage(planned.name, [&] {
      ctx_.state().services->staging.admit(Planner::products(planned),
                                           ctx_.with_stage(planned.name));
    });
  }

  void run_task() {
    const PlannedStage& planned = head();
    ctx_.log().info("running " + planned.name);
    admit_products(planned);
    ResumableStage* resumable = resumption().find(segment_.head);
    const PassWatch watch(ctx_.state().services->watch,
                          {planned.name, {planned.name}, {planned.name}});
    in_stage(planned.name, [&] {
      if (resumable) resumable->begin(*planned.stage, false, false, ctx_.with_stage(planned.name));
      const TimedCall timed(timing(planned.name));
      try_as_asked(planned, ctx_.with_stage(planned.name), [&](const PipelineContext& attempt) {
        const Scratch scratch(ctx_.scratch_root(), planned.name);
        std::optional<PipelineContext> after;
        call(planned, [&] { after = planned.stage->perform(attempt, scratch.path()); });
        for (const auto& [key, product] : after->state().products) {
          if (!ctx_.state().products.count(key)) end_.products.push_back({key, product});
        }
      });
      if (resumable) resumable->set_complete();
    });
  }

  void run_segment() {
    if (!segment_.head_is_result) admit_products(head());
    for (const std::size_t index : segment_.chain) admit_products(plan_.stages[index]);
    ctx_.log().debug(pass_title(plan_, segment_) + ": " + std::to_string(segment_.tokens) +
                     " chunks in flight");
    begin_resumable();
    AnyStream* result = segment_.head_is_result ? &start_.result : nullptr;
    const std::size_t done = resumption().count_done(head().name);
    PassWatch watch(ctx_.state().services->watch,
                    pass_facts(plan_, segment_, start_.workers, done));
    const std::shared_ptr<const AnyChunk> kept =
        in_stage(head().name, [&] { return run_pass(plan_, segment_, ctx_, result, watch); });
    if (kept) add_sides(segment_.head, kept);
    if (result) {
      start_.result = {};
      start_.state.erase(segment_.head);
    }
    for (const std::size_t index : segment_.chain) conclude(index);
  }

  /// Goes on with what is there of the products of the pass.
  void begin_resumable() const {
    std::vector<const ResumableStage*> by_units;
    bool all = segment_.head_is_result;
    for (const std::size_t index : segment_.chain) {
      const PlannedStage& planned = plan_.stages[index];
      if (planned.type->shape == Shape::transform) continue;
      ResumableStage* resumable = resumption().find(index);
      all = all && resumable;
      if (!resumable) continue;
      in_stage(planned.name, [&] {
        in_lane(planned, [&](const PipelineContext& ctx) {
          resumable->begin(*planned.stage, segment_.head_is_result, Planner::concurrent(planned),
                           ctx);
          if (segment_.head_is_result) resumable->reserve(Planner::output(head()).chunks);
        });
      });
      by_units.push_back(resumable);
    }
    if (all) resumption().set_below(head().name, std::move(by_units));
  }

  void conclude(std::size_t index) {
    const PlannedStage& planned = plan_.stages[index];
    if (planned.type->shape == Shape::transform) return;
    ResumableStage* resumable = resumption().find(index);
    AnyStream stream;
    try {
      stream = in_stage(planned.name, [&] {
        return in_lane(planned, [&](const PipelineContext& ctx) {
          const TimedCall timed(timing(planned.name));
          AnyStream given;
          call(planned, [&] { given = planned.stage->conclude(ctx); });
          return given;
        });
      });
    } catch (...) {
      if (resumable) resumable->forget_what_is_gone();
      throw;
    }
    if (resumable) in_stage(planned.name, [&] { resumable->set_complete(); });
    if (planned.type->shape != Shape::reduce) return;
    if (is_streamed_later(plan_, index)) {
      end_.results[index] = std::move(stream);
      end_.state[index] = std::move(start_.state[index]);
    } else {
      store_sides(index, std::move(stream));
    }
  }

  /// A result that other stages take whole: its one chunk becomes their side input.
  void store_sides(std::size_t index, AnyStream stream) {
    const PlannedStage& planned = plan_.stages[index];
    in_stage(planned.name, [&] {
      auto work = stream.next();
      if (!work) throw Error(ErrorKind::failed, "it gave no result");
      auto chunk = std::make_shared<AnyChunk>((*work)(ctx_.with_stage(planned.name)));
      if (stream.next()) {
        throw Error(ErrorKind::failed, "it gave several results where a later stage takes one");
      }
      add_sides(index, chunk);
    });
  }

  void add_sides(std::size_t index, const std::shared_ptr<const AnyChunk>& chunk) {
    for (const PlannedStage& stage : plan_.stages) {
      for (const auto& [port, from] : stage.sides) {
        if (from != index) continue;
        end_.products.push_back(
            {side_product_key(stage.name, port),
             {chunk->kind(), std::shared_ptr<const void>(chunk, chunk->value())}});
      }
    }
  }

  const Plan& plan_;
  const Segment& segment_;
  PassStart start_;
  const PipelineContext& ctx_;
  PassEnd end_;
};

}  // namespace

std::string pass_title(const Plan& plan, const Segment& segment) {
  std::string title = plan.stages[segment.head].name;
  for (const std::size_t index : segment.chain) title += " > " + plan.stages[index].name;
  return title;
}

bool is_streamed_later(const Plan& plan, std::size_t stage) {
  return std::any_of(plan.segments.begin(), plan.segments.end(), [&](const Segment& segment) {
    return segment.head_is_result && segment.head == stage;
  });
}

PassEnd make_pass(const Plan& plan, const Segment& segment, PassStart start) {
  return PassWork(plan, segment, std::move(start)).make();
}

}  // namespace skymill
