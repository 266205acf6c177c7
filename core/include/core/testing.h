// SPDX-License-Identifier: GPL-3.0-or-later
// For tests of stages, ours and others': give chunks, run the stage as a real run would, look at
// what came out.
#pragma once

#include <core/context.h>
#include <core/plugin.h>
#include <core/stage.h>
#include <core/tier.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::testing {

struct HarnessOptions {
  int threads = 1;
  std::size_t memory_bytes = std::size_t{1} << 30;
  std::vector<TierDescription> tiers = {};  ///< for products that are staged, fastest first
  const std::atomic<bool>* stop = nullptr;  ///< set by a test: the run is asked to stop
};

/// A context with a silent log, for calling a stage directly.
SKYMILL_API PipelineContext make_context(const HarnessOptions& options = {});

/// A stage that exists already, with the ports that the planner shall see.
struct GivenStage {
  std::string name;
  Shape shape = Shape::task;
  Ports ports;
  std::unique_ptr<Stage> stage;
};

/// What a run of stages under test came to.
struct RunFigures {
  std::size_t reserved_bytes = 0;  ///< most memory that the stages' announcements have reserved
  bool resumable = false;          ///< one of them said `set_resumable`
};

/// Runs stages, each reading the one before it, through the planner and the executor.
/// @throws Error as a run would
SKYMILL_API RunFigures run_stages(std::vector<GivenStage> stages,
                                  const HarnessOptions& options = {});

/// What is wrong with a stage type's description of itself; empty for a good one.
SKYMILL_API std::vector<std::string> description_faults(const StageType& type);

/// Gives chunks that were made beforehand.
template <class T>
class GivenSource final : public Source<T> {
 public:
  GivenSource(std::vector<Chunk<T>> chunks, PortSpec spec)
      : chunks_(std::move(chunks)), spec_(std::move(spec)) {}

  void plan(Planning& planning) override {
    planning.output() = spec_;
    planning.output().kind = DataKindOf<T>::value;
    planning.output().chunks = chunks_.size();
    for (const auto& chunk : chunks_) {
      planning.output().chunk_bytes = std::max(planning.output().chunk_bytes, bytes_of(*chunk));
    }
  }
  std::optional<Chunk<T>> next(const PipelineContext&) override {
    if (next_ == chunks_.size()) return std::nullopt;
    return std::move(chunks_[next_++]);
  }

 private:
  std::vector<Chunk<T>> chunks_;
  PortSpec spec_;
  std::size_t next_ = 0;
};

/// Shows every chunk to a function.
template <class T, class F>
class ShowTo final : public Sink<T> {
 public:
  explicit ShowTo(F& show) : show_(show) {}
  void write(const Chunk<T>& chunk, const PipelineContext&) override { show_(chunk); }
  void finish(const PipelineContext&) override {}

 private:
  F& show_;
};

/// Runs a transform or a reduce on given chunks and shows what comes out, in order.
///
/// @param params the stage's parameters
/// @param input  chunks for its input
/// @param spec   what the planner shall believe of that input: axes, columns, properties, header
/// @param show   called with every `Chunk<S::Output>`
template <class S, class F>
void run_stage(typename S::Params params, std::vector<Chunk<typename S::Input>> input,
               PortSpec spec, F show, const HarnessOptions& options = {}) {
  using In = typename S::Input;
  using Out = typename S::Output;
  std::vector<GivenStage> stages;
  stages.push_back({"given", Shape::source, Ports().out("out", DataKindOf<In>::value),
                    std::make_unique<GivenSource<In>>(std::move(input), std::move(spec))});
  stages.push_back({"tested", S::kShape, S::ports(), std::make_unique<S>(std::move(params))});
  PortNeed need;
  need.kind = DataKindOf<Out>::value;
  stages.push_back(
      {"shown", Shape::sink, Ports().in(need), std::make_unique<ShowTo<Out, F>>(show)});
  run_stages(std::move(stages), options);
}

/// Runs a sink on given chunks.
template <class S>
void run_sink(typename S::Params params, std::vector<Chunk<typename S::Input>> input, PortSpec spec,
              const HarnessOptions& options = {}) {
  using In = typename S::Input;
  std::vector<GivenStage> stages;
  stages.push_back({"given", Shape::source, Ports().out("out", DataKindOf<In>::value),
                    std::make_unique<GivenSource<In>>(std::move(input), std::move(spec))});
  stages.push_back({"tested", S::kShape, S::ports(), std::make_unique<S>(std::move(params))});
  run_stages(std::move(stages), options);
}

/// Runs a source and shows what it gives, in order.
template <class S, class F>
void run_source(typename S::Params params, F show, const HarnessOptions& options = {}) {
  using Out = typename S::Output;
  std::vector<GivenStage> stages;
  stages.push_back({"tested", S::kShape, S::ports(), std::make_unique<S>(std::move(params))});
  PortNeed need;
  need.kind = DataKindOf<Out>::value;
  stages.push_back(
      {"shown", Shape::sink, Ports().in(need), std::make_unique<ShowTo<Out, F>>(show)});
  run_stages(std::move(stages), options);
}

/// Runs a task.
template <class S>
void run_task(typename S::Params params, const HarnessOptions& options = {}) {
  std::vector<GivenStage> stages;
  stages.push_back({"tested", S::kShape, S::ports(), std::make_unique<S>(std::move(params))});
  run_stages(std::move(stages), options);
}

}  // namespace skymill::testing
