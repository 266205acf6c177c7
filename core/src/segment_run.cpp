// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment_run.h"

#include <core/error.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "chunk_pace.h"
#include "handover.h"
#include "in_stage.h"
#include "metrics_state.h"
#include "parcels.h"
#include "profile.h"
#include "read_ahead.h"
#include "write_behind.h"

namespace skymill {

namespace {

/// One stage of a segment while it runs.
struct Step {
  Step(const PlannedStage& planned_stage, const PipelineContext& run_ctx)
      : planned(planned_stage),
        ctx(run_ctx.with_stage(planned_stage.name)),
        timing(run_ctx.metrics().state().timing(planned_stage.name)) {}

  bool is_terminal() const { return planned.type->shape != Shape::transform; }

  const PlannedStage& planned;
  const PipelineContext ctx;
  StageTiming& timing;
  std::size_t profiled = 0;              ///< its number in the profile, if there is one
  ResumableStage* journalled = nullptr;  ///< when its units go into a journal
  std::shared_ptr<Lane> lane;
  std::unique_ptr<WriteBehind> behind;  ///< when it has a lane and nothing changes the chunk after
};

/// The running segment: the filters of `tbb::parallel_pipeline` and what they need.
class SegmentRun {
 public:
  SegmentRun(const Plan& plan, const Segment& segment, const PipelineContext& ctx,
             AnyStream* result, PassWatch& watch)
      : plan_(plan),
        segment_(segment),
        ctx_(ctx),
        result_(result),
        watch_(watch),
        profile_(ctx.state().services->profile.get()),
        pace_(profile_ != nullptr) {
    steps_.reserve(segment.chain.size() + 1);
    steps_.emplace_back(plan.stages[segment.head], ctx);
    for (const std::size_t index : segment.chain) steps_.emplace_back(plan.stages[index], ctx);
    if (profile_) {
      pass_ = profile_->pass();
      for (Step& step : steps_) step.profiled = profile_->stage(step.planned.name);
    }
    keeps_chunk_ = is_side_input();
    start_source();
    start_terminals();
    only_counts_ =
        !result_ && !keeps_chunk_ && !keeps_notes_ && !ctx.state().services->watch.wants_events();
  }

  void run() {
    try {
      const auto chain = filters();
      closures_are_made();
      tbb::parallel_pipeline(segment_.tokens, chain);
      const Turn all_are_done(this);
      for (Step& step : steps_) {
        if (step.behind) step.behind->drain();
      }
    } catch (...) {
      const Turn all_are_done(this);
      keep_what_is_done();
      add_up_times();
      throw;
    }
    settle();
    add_up_times();
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
  void keep(const std::shared_ptr<Load>& load) {
    const std::lock_guard lock(keep_mutex_);
    const bool changed = std::any_of(steps_.begin() + 1, steps_.end(),
                                     [](const Step& step) { return !step.is_terminal(); });
    if (changed || kept_) {
      throw Error(ErrorKind::failed,
                  changed ? "a later stage takes its result whole, and another one changes it"
                          : "it gave several results where a later stage takes one");
    }
    kept_ = load;
  }

  const PlannedStage& head() const { return plan_.stages[segment_.head]; }

  /// Runs `f(ctx)` for a terminal, in its lane if it has one.
  template <class F>
  void at_terminal(const Step& step, F&& f) const {
    if (!step.lane) return f(step.ctx);
    step.lane->run([&](const Lane::Token& token) { f(step.ctx.with_lane_token(token)); });
  }

  /// Ends the last group of units of every journal.
  void settle() {
    for (const Step& step : steps_) {
      if (!step.journalled) continue;
      in_stage(step.planned.name, [&] {
        at_terminal(step, [&](const PipelineContext& ctx) {
          step.journalled->settle(*step.planned.stage, ctx);
        });
      });
    }
  }

  /// The same after a failure, which is what the user has to hear of.
  void keep_what_is_done() {
    for (Step& step : steps_) {
      if (step.behind) step.behind->wait();
    }
    try {
      settle();
    } catch (const Error& error) {
      ctx_.log().warning(std::string("the last units are lost: ") + error.what());
    }
  }

  void add_up_times() {
    for (const Parcel& parcel : parcels_.all()) {
      for (std::size_t k = 0; k < steps_.size(); ++k) steps_[k].timing.add(parcel.sums[k]);
    }
  }

  /// Runs a stage's own code: isolated, since a stage whose threads wait must not be handed other
  /// chunks meanwhile.
  template <class F>
  void call(const Step& step, const Load& load, const F& f, const char* thread = "worker") const {
    if (profile_) {
      profile_->run(profile_call(step, load, thread), f);
    } else {
      tbb::this_task_arena::isolate(f);
    }
  }

  Profile::Call profile_call(const Step& step, const Load& load,
                             const char* thread = "worker") const {
    return {step.profiled, pass_, load.number, true, thread};
  }

  /// Hands a chunk to a terminal, in whatever thread this is.
  static void give(const Step& step, const Load& load, const PipelineContext& ctx) {
    Stage& stage = *step.planned.stage;
    if (!step.journalled || load.chunk.span().empty()) return stage.push(load.chunk, ctx);
    if (step.journalled->has(load.chunk.span().text())) return;  // another sink lacked it
    stage.push(load.chunk, with_unit(ctx, load.notes));
    step.journalled->written(stage, load.chunk, *load.notes, ctx);
  }

  void give_in_lane(const Step& step, const Load& load, const Lane::Token& token) const {
    const TimedCall timed(step.timing);
    if (!profile_) return give(step, load, step.ctx.with_lane_token(token));
    call(
        step, load, [&] { give(step, load, step.ctx.with_lane_token(token)); }, "lane");
  }

  void start_source() {
    const Step& step = steps_.front();
    if (result_ || Planner::lane(head()).empty()) return;
    ReadAhead::Waited waited;
    if (profile_) {
      waited = [this, &step](ProfileWait wait, std::int64_t begin, std::int64_t end, bool blocks) {
        profile_->waited({step.profiled, pass_, 0, false, blocks ? "worker" : "lane"}, wait, begin,
                         end, blocks);
      };
    }
    read_ahead_ = std::make_unique<ReadAhead>(
        ctx_.lanes().get(Planner::lane(head())),
        [this, &step, pulled = std::size_t{0}](const Lane::Token& token) mutable {
          return pull(step, step.ctx.with_lane_token(token), pulled++, "lane");
        },
        Planner::kReadAhead, std::move(waited));
  }

  std::optional<AnyChunk> pull(const Step& step, const PipelineContext& ctx, std::size_t number,
                               const char* thread) const {
    const TimedCall timed(step.timing);
    if (!profile_) return step.planned.stage->pull(ctx);
    std::optional<AnyChunk> chunk;
    profile_->run({step.profiled, pass_, number, true, thread},
                  [&] { chunk = step.planned.stage->pull(ctx); });
    return chunk;
  }

  void start_terminals() {
    bool changed_later = false;
    for (std::size_t i = steps_.size(); i-- > 1;) {
      Step& step = steps_[i];
      if (!step.is_terminal()) {
        changed_later = true;
        continue;
      }
      ResumableStage* resumable = ctx_.state().services->resumption.find(segment_.chain[i - 1]);
      if (resumable && resumable->is_by_units()) {
        step.journalled = resumable;
        keeps_notes_ = true;
      }
      if (Planner::lane(step.planned).empty()) continue;
      step.lane = ctx_.lanes().get(Planner::lane(step.planned));
      if (changed_later) continue;
      WriteBehind::Waited waited;
      if (profile_) {
        waited = [this, &step](const Load& load, std::int64_t begin, std::int64_t end,
                               bool blocks) {
          profile_->waited(profile_call(step, load, blocks ? "worker" : "lane"), ProfileWait::lane,
                           begin, end, blocks);
        };
      }
      step.behind = std::make_unique<WriteBehind>(
          step.lane,
          [this, &step](const Load& load, const Lane::Token& token) {
            give_in_lane(step, load, token);
          },
          Planner::kWriteBehind, std::move(waited));
      lends_loads_ = true;
    }
  }

  tbb::filter<void, void> filters() {
    using tbb::filter_mode;
    auto chain = source_filter();
    std::size_t next = 1;
    for (bool is_first = true;; is_first = false) {
      const std::size_t first = next;
      while (next < steps_.size() && !steps_[next].is_terminal()) ++next;
      if (is_first || next > first) {
        const auto work = [this, is_first, first, end = next](Parcel& parcel) {
          make_and_transform(parcel, is_first, first, end);
        };
        if (next == steps_.size()) return chain & last_filter(filter_mode::parallel, nullptr, work);
        chain = chain & inner_filter(filter_mode::parallel, nullptr, work);
      }
      const std::size_t position = next++;
      const PlannedStage& planned = steps_[position].planned;
      const auto mode = Planner::concurrent(planned)  ? filter_mode::parallel
                        : Planner::any_order(planned) ? filter_mode::serial_out_of_order
                                                      : filter_mode::serial_in_order;
      const void* const serial = mode == filter_mode::parallel ? nullptr : &steps_[position];
      const auto end_here = [this, position](Parcel& parcel) { bring_to(position, parcel); };
      if (next == steps_.size()) return chain & last_filter(mode, serial, end_here);
      chain = chain & inner_filter(mode, serial, end_here);
    }
  }

  template <class F>
  tbb::filter<Parcel*, Parcel*> inner_filter(tbb::filter_mode mode, const void* serial,
                                             const F& f) {
    return tbb::make_filter<Parcel*, Parcel*>(mode, [this, serial, f](Parcel* parcel) {
      read_closure();
      const WorkOfPass work(this);
      const Turn of_filter(serial);
      const Turn of_parcel(parcel);
      f(*parcel);
      return parcel;
    });
  }
  template <class F>
  tbb::filter<Parcel*, void> last_filter(tbb::filter_mode mode, const void* serial, const F& f) {
    counts_alone_ = only_counts_ && mode != tbb::filter_mode::parallel;
    return tbb::make_filter<Parcel*, void>(mode, [this, serial, f](Parcel* parcel) {
      read_closure();
      const WorkOfPass work(this);
      const Turn of_filter(serial);
      const Turn of_parcel(parcel);
      f(*parcel);
      end(*parcel);
    });
  }

  /// Fills a load with the next chunk, or with the work that makes it.
  /// @return false at the end
  bool next_chunk(Load& load, StageSums& own) {
    if (ctx_.stop_requested()) return false;
    if (result_) {
      auto work = result_->next();
      if (work) load.work = std::move(*work);
      return work.has_value();
    }
    const Step& step = steps_.front();
    std::optional<AnyChunk> chunk;
    if (read_ahead_) {
      chunk = read_ahead_->next();
    } else if (profile_) {
      chunk = pull(step, step.ctx, load.number, "worker");
    } else if (load.weight > 0) {
      const StageMoment begin = stage_moment();
      chunk = head().stage->pull(step.ctx);
      const StageMoment end = stage_moment();
      load.spent_ns += end.wall_ns - begin.wall_ns;
      own.add_time(begin, end, load.weight);
    } else {
      chunk = head().stage->pull(step.ctx);
    }
    if (chunk) load.chunk = std::move(*chunk);
    return chunk.has_value();
  }

  tbb::filter<void, Parcel*> source_filter() {
    return tbb::make_filter<void, Parcel*>(
        tbb::filter_mode::serial_in_order, [this](tbb::flow_control& control) -> Parcel* {
          read_closure();
          const WorkOfPass work(this);
          const Turn of_source(&given_);
          Parcel* parcel = parcels_.take();
          const Turn of_parcel(parcel);
          if (!parcel->load) parcel->load = std::make_shared<Load>();
          Load& load = *parcel->load;
          load.number = given_;
          load.weight = pace_.weight_of(given_);
          load.spent_ns = 0;
          note_source_begins();
          // A stage that works here must not be handed other chunks while its threads wait.
          const bool is_there = in_stage(head().name, [&] {
            return tbb::this_task_arena::isolate([&] { return next_chunk(load, parcel->sums[0]); });
          });
          if (!is_there) {
            control.stop();
            return nullptr;
          }
          ++given_;
          note_source_ends();
          return parcel;
        });
  }

  /// A source that is not asked although it could go on waits for a token.
  void note_source_begins() {
    if (!profile_ || full_since_ns_ == 0) return;
    if (!read_ahead_ && !result_) {
      profile_->waited({steps_.front().profiled, pass_, 0, false, "worker"}, ProfileWait::token,
                       full_since_ns_, wall_now_ns(), false);
    }
    full_since_ns_ = 0;
  }
  void note_source_ends() {
    if (profile_ && ++on_the_way_ >= segment_.tokens) full_since_ns_ = wall_now_ns();
  }

  /// Makes a chunk that is only ordered so far, as channels of a cube are imaged, and brings it
  /// through the transforms up to the next terminal.
  void make_and_transform(Parcel& parcel, bool makes, std::size_t first, std::size_t end) {
    if (makes && !make(parcel.load, parcel.sums[0])) return;
    Load& load = *parcel.load;
    if (load.chunk.empty()) return;
    if (profile_) {
      for (std::size_t k = first; k < end; ++k) transform(steps_[k], load, parcel.sums[k]);
      load.ready_ns = wall_now_ns();
    } else if (first < end) {
      tbb::this_task_arena::isolate([&] {
        for (std::size_t k = first; k < end; ++k) transform(steps_[k], load, parcel.sums[k]);
      });
    }
  }

  /// @return false when it failed and the run goes on without it
  bool make(const std::shared_ptr<Load>& load, StageSums& own) {
    const Step& step = steps_.front();
    if (only_counts_) {
      load->unit.is_made = true;
      count_chunk(step, *load, own);
      return true;
    }
    return in_stage(head().name, [&] {
      load->unit.number = load->number;
      UnitInWork unit(watch_, load->unit, load->chunk);
      if (keeps_notes_) load->notes = std::make_shared<UnitNotes>();
      if (load->work && !make_by_work(step, *load, unit)) return false;
      count_chunk(step, *load, own);
      unit.made(load->chunk);
      if (keeps_chunk_) keep(load);
      return true;
    });
  }

  /// Does the work of an order. @return false when it failed and the run goes on without it
  bool make_by_work(const Step& step, Load& load, UnitInWork& unit) const {
    const TimedCall timed(step.timing);
    const AnyStream::Work work = std::exchange(load.work, nullptr);
    try {
      try_as_asked(head(), context_of(load, step.ctx), [&](const PipelineContext& attempt) {
        if (load.notes) load.notes->clear();
        unit.clear();
        call(step, load, [&] { load.chunk = work(attempt); });
      });
      return true;
    } catch (const Error& error) {
      const bool leaves_out = head().on_failure.goes_on && error.kind() != ErrorKind::requeue;
      if (!leaves_out) throw;
      note_failure(step.ctx, std::string("a unit is left out: ") + error.what());
      load.chunk = AnyChunk();
      for (const Step& other : steps_) {
        if (other.journalled) other.journalled->set_lacking();
      }
      return false;
    }
  }

  void transform(const Step& step, Load& load, StageSums& sums_of_stage) const {
    in_stage(step.planned.name, [&] {
      const Stage& stage = *step.planned.stage;
      const StageMoment begin = load.weight > 0 ? stage_moment() : StageMoment();
      const auto apply = [&] {
        load.chunk = load.notes
                         ? stage.apply(std::move(load.chunk), with_unit(step.ctx, load.notes))
                         : stage.apply(std::move(load.chunk), step.ctx);
      };
      if (profile_) {
        profile_->count_in(profile_call(step, load), bytes_of_chunk(load));
        call(step, load, apply);
      } else {
        apply();
      }
      if (load.weight > 0) {
        const StageMoment end = stage_moment();
        load.spent_ns += end.wall_ns - begin.wall_ns;
        sums_of_stage.add_time(begin, end, load.weight);
      }
      count_chunk(step, load, sums_of_stage);
    });
  }

  void bring_to(std::size_t position, Parcel& parcel) {
    const Step& step = steps_[position];
    Load& load = *parcel.load;
    if (load.chunk.empty()) return;
    in_stage(step.planned.name, [&] {
      if (profile_) note_terminal_begins(step, load);
      if (step.behind) {
        step.behind->push(parcel.load);
      } else if (step.lane) {
        run_in_lane(step, load);
      } else {
        give_here(step, load, parcel.sums[position]);
      }
      if (profile_) load.ready_ns = wall_now_ns();
    });
  }

  void give_here(const Step& step, Load& load, StageSums& own) const {
    const StageMoment begin = load.weight > 0 ? stage_moment() : StageMoment();
    call(step, load, [&] { give(step, load, step.ctx); });
    if (load.weight == 0) return;
    const StageMoment end = stage_moment();
    load.spent_ns += end.wall_ns - begin.wall_ns;
    own.add_time(begin, end, load.weight);
  }

  void note_terminal_begins(const Step& step, const Load& load) const {
    const Profile::Call call_of_stage = profile_call(step, load);
    profile_->count_in(call_of_stage, bytes_of_chunk(load));
    profile_->waited(call_of_stage, ProfileWait::worker, load.ready_ns, wall_now_ns(), false);
  }

  void run_in_lane(const Step& step, const Load& load) const {
    const std::int64_t posted = profile_ ? wall_now_ns() : 0;
    step.lane->run([&](const Lane::Token& token) {
      if (profile_) {
        profile_->waited(profile_call(step, load, "lane"), ProfileWait::lane, posted, wall_now_ns(),
                         false);
      }
      give_in_lane(step, load, token);
    });
  }

  /// All stages have had it.
  void end(Parcel& parcel) {
    Load& load = *parcel.load;
    if (counts_alone_) {
      watch_.count_done();
    } else {
      watch_.done(load.unit);
    }
    if (load.weight > 0) pace_.took(load.number, load.spent_ns);
    if (profile_) --on_the_way_;
    if (lends_loads_ || keeps_chunk_) {
      parcel.load.reset();
    } else {
      load.chunk = AnyChunk();
      load.notes.reset();
    }
    Parcels::give_back(parcel);
  }

  static PipelineContext context_of(const Load& load, const PipelineContext& ctx) {
    return load.notes ? with_unit(ctx, load.notes) : ctx;
  }

  static std::int64_t bytes_of_chunk(const Load& load) {
    return static_cast<std::int64_t>(load.chunk.bytes());
  }

  void count_chunk(const Step& step, const Load& load, StageSums& sums_of_stage) const {
    const std::int64_t bytes = bytes_of_chunk(load);
    ++sums_of_stage.chunks_out;
    sums_of_stage.bytes_out += bytes;
    if (!profile_) return;
    profile_->count_out(profile_call(step, load), bytes, [&] { return load.chunk.span().text(); });
  }

  const Plan& plan_;
  const Segment& segment_;
  const PipelineContext& ctx_;
  AnyStream* result_;
  PassWatch& watch_;
  Profile* const profile_;  ///< null when none is wanted
  std::size_t pass_ = 0;
  Pace pace_;
  std::vector<Step> steps_;  ///< the head and the chain
  std::unique_ptr<ReadAhead> read_ahead_;
  bool keeps_notes_ = false;
  bool keeps_chunk_ = false;
  bool only_counts_ = false;   ///< chunks that are there; nobody wants to know of each
  bool counts_alone_ = false;  ///< so, and one thread at a time ends them
  bool lends_loads_ = false;   ///< to lanes, which may look at them after the last filter
  std::mutex keep_mutex_;
  std::shared_ptr<Load> kept_;
  Parcels parcels_{segment_.chain.size() + 1};
  alignas(kCacheLine) std::size_t given_ = 0;
  std::int64_t full_since_ns_ = 0;
  std::atomic<std::size_t> on_the_way_{0};
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
