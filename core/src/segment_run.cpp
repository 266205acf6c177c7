// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment_run.h"

#include <core/error.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "in_stage.h"
#include "metrics_state.h"
#include "read_ahead.h"
#include "write_behind.h"

namespace skymill {

namespace {

/// Shared, because several terminals may look at a chunk at once.
using Parcel = std::shared_ptr<Load>;

/// A chunk that may still have to be made, by `work`.
struct Order {
  AnyStream::Work work;
  AnyChunk chunk;
};

/// One terminal of a segment while it runs.
struct Terminal {
  ResumableStage* journalled = nullptr;  ///< when its units go into a journal
  std::unique_ptr<WriteBehind> behind;   ///< when it has a lane and nothing changes the chunk after
  std::shared_ptr<Lane> lane;
};

/// The running segment: the filters of `tbb::parallel_pipeline` and what they need.
class SegmentRun {
 public:
  SegmentRun(const Plan& plan, const Segment& segment, const PipelineContext& ctx,
             AnyStream* result, PassWatch& watch)
      : plan_(plan), segment_(segment), ctx_(ctx), result_(result), watch_(watch) {
    keeps_chunk_ = is_side_input();
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
    try {
      tbb::parallel_pipeline(segment_.tokens, chain & end_filter());
      for (auto& terminal : terminals_) {
        if (terminal.behind) terminal.behind->drain();
      }
    } catch (...) {
      keep_what_is_done();
      throw;
    }
    settle();
    ctx_.throw_if_stopped();
    if (keeps_chunk_ && !kept_) throw Error(ErrorKind::failed, "it gave no result");
  }

  /// What later stages take whole; null when none does.
  std::shared_ptr<const AnyChunk> kept() const {
    return kept_ ? std::shared_ptr<const AnyChunk>(kept_, &kept_->chunk) : nullptr;
  }

 private:
  bool is_side_input() const {
    for (const PlannedStage& stage : plan_.stages) {
      for (const auto& [port, from] : stage.sides) {
        if (from == segment_.head) return true;
      }
    }
    return false;
  }

  /// A chunk that a transform changes could not be kept as it was.
  void keep(const Parcel& load) {
    const bool changed = std::any_of(
        segment_.chain.begin(), segment_.chain.end(),
        [&](std::size_t index) { return plan_.stages[index].type->shape == Shape::transform; });
    if (changed || kept_) {
      throw Error(ErrorKind::failed,
                  changed ? "a later stage takes its result whole, and another one changes it"
                          : "it gave several results where a later stage takes one");
    }
    kept_ = load;
  }

  const PlannedStage& head() const { return plan_.stages[segment_.head]; }
  StageTiming& timing(const std::string& stage) const {
    return ctx_.metrics().state().timing(stage);
  }

  /// Runs `f(ctx)` for the terminal at a position, in its lane if it has one.
  template <class F>
  void at_terminal(std::size_t position, F&& f) const {
    const PlannedStage& planned = plan_.stages[segment_.chain[position]];
    const PipelineContext ctx = ctx_.with_stage(planned.name);
    if (!terminals_[position].lane) return f(ctx);
    terminals_[position].lane->run(
        [&](const Lane::Token& token) { f(ctx.with_lane_token(token)); });
  }

  /// Ends the last group of units of every journal.
  void settle() {
    for (std::size_t i = 0; i < terminals_.size(); ++i) {
      if (!terminals_[i].journalled) continue;
      const PlannedStage& planned = plan_.stages[segment_.chain[i]];
      in_stage(planned.name, [&] {
        at_terminal(i, [&](const PipelineContext& ctx) {
          terminals_[i].journalled->settle(*planned.stage, ctx);
        });
      });
    }
  }

  /// The same after a failure, which is what the user has to hear of.
  void keep_what_is_done() {
    for (auto& terminal : terminals_) {
      if (terminal.behind) terminal.behind->wait();
    }
    try {
      settle();
    } catch (const Error& error) {
      ctx_.log().warning(std::string("the last units are lost: ") + error.what());
    }
  }

  /// Hands a chunk to a terminal, in whatever thread this is.
  static void give(const PlannedStage& planned, ResumableStage* journalled, const Load& load,
                   const PipelineContext& ctx) {
    if (!journalled || load.chunk.span().empty()) return planned.stage->push(load.chunk, ctx);
    if (journalled->has(load.chunk.span().text())) return;  // another sink lacked it
    planned.stage->push(load.chunk, with_unit(ctx, load.notes));
    journalled->written(*planned.stage, load.chunk, *load.notes, ctx);
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
      ResumableStage* resumable = ctx_.state().services->resumption.find(stages[i]);
      if (resumable && resumable->is_by_units()) {
        terminals_[i].journalled = resumable;
        keeps_notes_ = true;
      }
      if (Planner::lane(planned).empty()) continue;
      terminals_[i].lane = ctx_.lanes().get(Planner::lane(planned));
      if (changed_later) continue;
      const PipelineContext ctx = ctx_.with_stage(planned.name);
      StageTiming& time = timing(planned.name);
      terminals_[i].behind = std::make_unique<WriteBehind>(
          terminals_[i].lane,
          [&planned, journalled = terminals_[i].journalled, ctx, &time](const Load& load,
                                                                        const Lane::Token& token) {
            const TimedCall timed(time);
            give(planned, journalled, load, ctx.with_lane_token(token));
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
          // A stage that works here must not be handed other chunks while its threads wait.
          auto order = in_stage(head().name, [&] {
            return tbb::this_task_arena::isolate([&] { return next_order(); });
          });
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
            auto load = std::make_shared<Load>(Load{std::move(order->chunk), nullptr});
            if (keeps_notes_) load->notes = std::make_shared<UnitNotes>();
            if (order->work && !make(*order, *load, unit, ctx, time)) return load;
            count_chunk(time, load->chunk);
            unit.made(load.get(), load->chunk);
            if (keeps_chunk_) {
              const std::lock_guard lock(keep_mutex_);
              keep(load);
            }
            return load;
          });
        });
  }

  /// Does the work of an order. @return false when it failed and the run goes on without it
  bool make(const Order& order, Load& load, UnitInWork& unit, const PipelineContext& ctx,
            StageTiming& time) const {
    const TimedCall timed(time);
    try {
      try_as_asked(head(), context_of(load, ctx), [&](const PipelineContext& attempt) {
        if (load.notes) load.notes->clear();
        unit.clear();
        tbb::this_task_arena::isolate([&] { load.chunk = order.work(attempt); });
      });
      return true;
    } catch (const Error& error) {
      const bool leaves_out = head().on_failure.goes_on && error.kind() != ErrorKind::requeue;
      if (!leaves_out) throw;
      note_failure(ctx, std::string("a unit is left out: ") + error.what());
      load.chunk = AnyChunk();
      for (const Terminal& terminal : terminals_) {
        if (terminal.journalled) terminal.journalled->set_lacking();
      }
      return false;
    }
  }

  tbb::filter<Parcel, Parcel> transform_filter(std::size_t index) {
    const PlannedStage& planned = plan_.stages[index];
    const PipelineContext ctx = ctx_.with_stage(planned.name);
    StageTiming& time = timing(planned.name);
    return tbb::make_filter<Parcel, Parcel>(
        tbb::filter_mode::parallel, [&planned, ctx, &time](Parcel parcel) {
          if (parcel->chunk.empty()) return parcel;
          return in_stage(planned.name, [&] {
            const TimedCall timed(time);
            AnyChunk made;
            tbb::this_task_arena::isolate([&] {
              made = planned.stage->apply(std::move(parcel->chunk), context_of(*parcel, ctx));
            });
            count_chunk(time, made);
            parcel->chunk = std::move(made);
            return parcel;
          });
        });
  }

  tbb::filter<Parcel, Parcel> terminal_filter(std::size_t position) {
    const PlannedStage& planned = plan_.stages[segment_.chain[position]];
    const PipelineContext ctx = ctx_.with_stage(planned.name);
    StageTiming& time = timing(planned.name);
    const auto mode = Planner::concurrent(planned)  ? tbb::filter_mode::parallel
                      : Planner::any_order(planned) ? tbb::filter_mode::serial_out_of_order
                                                    : tbb::filter_mode::serial_in_order;
    Terminal& terminal = terminals_[position];
    return tbb::make_filter<Parcel, Parcel>(mode, [&planned, &terminal, ctx, &time](Parcel parcel) {
      if (parcel->chunk.empty()) return parcel;
      return in_stage(planned.name, [&] {
        if (terminal.behind) {
          terminal.behind->push(parcel);
        } else if (terminal.lane) {
          terminal.lane->run([&](const Lane::Token& token) {
            const TimedCall timed(time);
            give(planned, terminal.journalled, *parcel, ctx.with_lane_token(token));
          });
        } else {
          const TimedCall timed(time);
          tbb::this_task_arena::isolate([&] { give(planned, terminal.journalled, *parcel, ctx); });
        }
        return parcel;
      });
    });
  }

  tbb::filter<Parcel, void> end_filter() {
    return tbb::make_filter<Parcel, void>(
        tbb::filter_mode::parallel, [this](const Parcel& parcel) { watch_.done(parcel.get()); });
  }

  static PipelineContext context_of(const Load& load, const PipelineContext& ctx) {
    return load.notes ? with_unit(ctx, load.notes) : ctx;
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
  bool keeps_notes_ = false;
  bool keeps_chunk_ = false;
  std::mutex keep_mutex_;
  Parcel kept_;
};

}  // namespace

std::shared_ptr<const AnyChunk> run_pass(const Plan& plan, const Segment& segment,
                                         const PipelineContext& ctx, AnyStream* result,
                                         PassWatch& watch) {
  SegmentRun run(plan, segment, ctx, result, watch);
  run.run();
  return run.kept();
}

}  // namespace skymill
