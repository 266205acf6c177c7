// SPDX-License-Identifier: GPL-3.0-or-later
#include "executor.h"

#include <core/error.h>
#include <core/storage.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <new>

#include "context_state.h"
#include "metrics_state.h"
#include "read_ahead.h"
#include "write_behind.h"

namespace skymill {

namespace {

/// A chunk on its way; shared, because several terminals may look at it at once.
using Parcel = std::shared_ptr<AnyChunk>;

/// A chunk that may still have to be made, by `work`.
struct Order {
  AnyStream::Work work;
  AnyChunk chunk;
};

/// Calls `f` and lets every failure leave as an Error that names the stage.
template <class F>
auto in_stage(const std::string& stage, F&& f) {
  const std::string where = "stage '" + stage + "'";
  try {
    return f();
  } catch (const Error& error) {
    // What comes out of a stage further down names it already.
    throw error.message().rfind("stage '", 0) == 0 ? error : error.within(where);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::resources, where + ": the system gave no more memory",
                "lower --memory or --threads");
  } catch (const std::exception& problem) {
    throw Error(ErrorKind::failed, where + ": " + problem.what());
  }
}

/// One terminal of a segment while it runs.
struct Terminal {
  std::unique_ptr<WriteBehind> behind;  ///< when it has a lane and nothing changes the chunk after
  std::shared_ptr<Lane> lane;
};

/// The running segment: the filters of `tbb::parallel_pipeline` and what they need.
class SegmentRun {
 public:
  SegmentRun(const Plan& plan, const Segment& segment, const PipelineContext& ctx,
             AnyStream* result, PassWatch& watch)
      : plan_(plan), segment_(segment), ctx_(ctx), result_(result), watch_(watch) {
    start_source();
    start_terminals();
  }

  void run() {
    auto chain = source_filter() & first_filter();
    const auto& stages = segment_.chain;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      const Shape shape = plan_.stages[stages[i]].type->shape;
      chain = shape == Shape::transform ? chain & transform_filter(stages[i])
                                        : chain & terminal_filter(i);
    }
    tbb::parallel_pipeline(segment_.tokens, chain & end_filter());
    ctx_.throw_if_stopped();
    for (auto& terminal : terminals_) {
      if (terminal.behind) terminal.behind->drain();
    }
  }

 private:
  const PlannedStage& head() const { return plan_.stages[segment_.head]; }
  StageTiming& timing(const std::string& stage) const {
    return ctx_.metrics().state().timing(stage);
  }

  void start_source() {
    if (result_ || Planner::lane(head()).empty()) return;
    Stage* source = head().stage.get();
    const PipelineContext ctx = ctx_.with_stage(head().name);
    StageTiming& time = timing(head().name);
    read_ahead_ = std::make_unique<ReadAhead>(
        ctx_.lanes().get(Planner::lane(head())),
        [source, ctx, &time](const Lane::Token& token) {
          const TimedCall timed(time);
          return source->pull(ctx.with_lane_token(token));
        },
        Planner::kReadAhead);
  }

  void start_terminals() {
    const auto& stages = segment_.chain;
    terminals_.resize(stages.size());
    bool changed_later = false;
    for (std::size_t i = stages.size(); i-- > 0;) {
      const PlannedStage& planned = plan_.stages[stages[i]];
      if (planned.type->shape == Shape::transform) {
        changed_later = true;
        continue;
      }
      if (Planner::lane(planned).empty()) continue;
      terminals_[i].lane = ctx_.lanes().get(Planner::lane(planned));
      if (changed_later) continue;
      Stage* stage = planned.stage.get();
      const PipelineContext ctx = ctx_.with_stage(planned.name);
      StageTiming& time = timing(planned.name);
      terminals_[i].behind = std::make_unique<WriteBehind>(
          terminals_[i].lane,
          [stage, ctx, &time](const AnyChunk& chunk, const Lane::Token& token) {
            const TimedCall timed(time);
            stage->push(chunk, ctx.with_lane_token(token));
          },
          Planner::kWriteBehind);
    }
  }

  std::optional<Order> next_order() {
    if (ctx_.stop_requested()) return std::nullopt;
    if (result_) {
      auto work = result_->next();
      if (!work) return std::nullopt;
      return Order{std::move(*work), {}};
    }
    std::optional<AnyChunk> chunk;
    if (read_ahead_) {
      chunk = read_ahead_->next();
    } else {
      const TimedCall timed(timing(head().name));
      chunk = head().stage->pull(ctx_.with_stage(head().name));
    }
    if (!chunk) return std::nullopt;
    return Order{nullptr, std::move(*chunk)};
  }

  tbb::filter<void, std::shared_ptr<Order>> source_filter() {
    return tbb::make_filter<void, std::shared_ptr<Order>>(
        tbb::filter_mode::serial_in_order,
        [this](tbb::flow_control& control) -> std::shared_ptr<Order> {
          auto order = in_stage(head().name, [&] { return next_order(); });
          if (order) return std::make_shared<Order>(std::move(*order));
          control.stop();
          return nullptr;
        });
  }

  /// Makes chunks that are only ordered so far: channels of a cube are imaged here.
  tbb::filter<std::shared_ptr<Order>, Parcel> first_filter() {
    const PipelineContext ctx = ctx_.with_stage(head().name);
    StageTiming& time = timing(head().name);
    return tbb::make_filter<std::shared_ptr<Order>, Parcel>(
        tbb::filter_mode::parallel, [this, ctx, &time](const std::shared_ptr<Order>& order) {
          return in_stage(head().name, [&] {
            UnitInWork unit(watch_, order->chunk);
            AnyChunk chunk = std::move(order->chunk);
            if (order->work) {
              const TimedCall timed(time);
              tbb::this_task_arena::isolate([&] { chunk = order->work(ctx); });
            }
            count_chunk(time, chunk);
            auto parcel = std::make_shared<AnyChunk>(std::move(chunk));
            unit.made(parcel.get(), *parcel);
            return parcel;
          });
        });
  }

  tbb::filter<Parcel, Parcel> transform_filter(std::size_t index) {
    const PlannedStage& planned = plan_.stages[index];
    const PipelineContext ctx = ctx_.with_stage(planned.name);
    StageTiming& time = timing(planned.name);
    return tbb::make_filter<Parcel, Parcel>(
        tbb::filter_mode::parallel, [&planned, ctx, &time](Parcel parcel) {
          return in_stage(planned.name, [&] {
            const TimedCall timed(time);
            AnyChunk made;
            tbb::this_task_arena::isolate(
                [&] { made = planned.stage->apply(std::move(*parcel), ctx); });
            count_chunk(time, made);
            *parcel = std::move(made);
            return parcel;
          });
        });
  }

  tbb::filter<Parcel, Parcel> terminal_filter(std::size_t position) {
    const PlannedStage& planned = plan_.stages[segment_.chain[position]];
    const PipelineContext ctx = ctx_.with_stage(planned.name);
    StageTiming& time = timing(planned.name);
    const auto mode = Planner::any_order(planned) ? tbb::filter_mode::serial_out_of_order
                                                  : tbb::filter_mode::serial_in_order;
    Terminal& terminal = terminals_[position];
    return tbb::make_filter<Parcel, Parcel>(mode, [&planned, &terminal, ctx, &time](Parcel parcel) {
      return in_stage(planned.name, [&] {
        if (terminal.behind) {
          terminal.behind->push(parcel);
        } else if (terminal.lane) {
          terminal.lane->run([&](const Lane::Token& token) {
            const TimedCall timed(time);
            planned.stage->push(*parcel, ctx.with_lane_token(token));
          });
        } else {
          const TimedCall timed(time);
          tbb::this_task_arena::isolate([&] { planned.stage->push(*parcel, ctx); });
        }
        return parcel;
      });
    });
  }

  tbb::filter<Parcel, void> end_filter() {
    return tbb::make_filter<Parcel, void>(
        tbb::filter_mode::parallel, [this](const Parcel& parcel) { watch_.done(parcel.get()); });
  }

  static void count_chunk(StageTiming& time, const AnyChunk& chunk) {
    time.chunks_out += 1;
    time.bytes_out += static_cast<std::int64_t>(chunk.bytes());
  }

  const Plan& plan_;
  const Segment& segment_;
  const PipelineContext& ctx_;
  AnyStream* result_;
  PassWatch& watch_;
  std::unique_ptr<ReadAhead> read_ahead_;
  std::vector<Terminal> terminals_;
};

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

PassFacts pass_facts(const Plan& plan, const Segment& segment, int threads) {
  PassFacts facts;
  facts.title = segment_title(plan, segment);
  facts.stages.push_back(plan.stages[segment.head].name);
  for (const std::size_t index : segment.chain) facts.stages.push_back(plan.stages[index].name);
  facts.ending = ending_stages(plan, segment);
  facts.units = Planner::output(plan.stages[segment.head]).chunks;
  facts.workers = std::min(segment.tokens, static_cast<std::size_t>(threads));
  facts.makes_units = segment.head_is_result;
  return facts;
}

}  // namespace

void Executor::run(Plan& plan, PipelineContext ctx) {
  ctx_ = std::move(ctx);
  done_.assign(plan.stages.size(), false);
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(ctx_->threads()));
  tbb::task_arena arena(ctx_->threads());
  const ReleaseInLanes release(plan, ctx_->lanes());
  for (Segment& segment : plan.segments) {
    planner_.plan_ready(plan, done_, *ctx_);
    planner_.check_products(plan);
    ctx_->throw_if_stopped();
    arena.execute([&] {
      if (plan.stages[segment.head].type->shape == Shape::task) {
        run_task(plan, segment.head);
      } else {
        run_segment(plan, segment);
      }
    });
  }
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
  const PassWatch watch(ctx_->state().services->watch,
                        {planned.name, {planned.name}, {planned.name}});
  in_stage(planned.name, [&] {
    const Scratch scratch(ctx_->scratch_root(), planned.name);
    const TimedCall timed(ctx_->metrics().state().timing(planned.name));
    ctx_ = planned.stage->perform(ctx_->with_stage(planned.name), scratch.path())
               .with_stage(before.stage());
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

  AnyStream* result = nullptr;
  if (segment.head_is_result) result = &results_.at(segment.head);
  PassWatch watch(ctx_->state().services->watch, pass_facts(plan, segment, ctx_->threads()));
  {
    SegmentRun running(plan, segment, *ctx_, result, watch);
    in_stage(plan.stages[segment.head].name, [&] { running.run(); });
  }
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
  const PipelineContext ctx = ctx_->with_stage(planned.name);
  AnyStream stream = in_stage(planned.name, [&] {
    const auto finish = [&](const PipelineContext& stage_ctx) {
      const TimedCall timed(ctx_->metrics().state().timing(planned.name));
      return planned.stage->conclude(stage_ctx);
    };
    if (Planner::lane(planned).empty()) return finish(ctx);
    return ctx.lanes().get(Planner::lane(planned))->run([&](const Lane::Token& token) {
      return finish(ctx.with_lane_token(token));
    });
  });
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
  std::vector<std::string> keys;
  for (const PlannedStage& stage : plan.stages) {
    for (const auto& [port, from] : stage.sides) {
      if (from == index) keys.push_back(side_product_key(stage.name, port));
    }
  }
  in_stage(planned.name, [&] {
    auto work = stream.next();
    if (!work) throw Error(ErrorKind::failed, "it gave no result");
    auto chunk = std::make_shared<AnyChunk>((*work)(ctx_->with_stage(planned.name)));
    if (stream.next()) {
      throw Error(ErrorKind::failed, "it gave several results where a later stage takes one");
    }
    for (const std::string& key : keys) {
      ctx_ = ctx_->with_product(key, chunk->kind(),
                                std::shared_ptr<const void>(chunk, chunk->value()));
    }
  });
}

}  // namespace skymill
