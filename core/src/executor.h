// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <set>

#include "context_state.h"
#include "plan.h"

namespace skymill {

/// Runs a plan: segment after segment, each as one `tbb::parallel_pipeline` whose number of chunks
/// in flight comes from the memory budget.
class Executor {
 public:
  explicit Executor(Planner& planner) : planner_(planner) {}

  /// @throws Error with the stage's name; nothing unfinished is published
  void run(Plan& plan, PipelineContext ctx);

 private:
  void look_around(Plan& plan);
  void run_or_go_on(Plan& plan, Segment& segment);
  void set_failed(const Segment& segment);
  std::optional<std::string> lacks(const Plan& plan, const Segment& segment) const;
  bool leave_out_what_stands(const Plan& plan, Segment& segment);
  void begin_resumable(const Plan& plan, const Segment& segment);
  template <class F>
  auto in_lane(const PlannedStage& planned, F&& f);
  void admit_products(const PlannedStage& planned);
  void run_task(Plan& plan, std::size_t index);
  void run_segment(Plan& plan, Segment& segment);
  void conclude(Plan& plan, std::size_t index);
  void store_sides(Plan& plan, std::size_t index, AnyStream stream);
  void add_sides(const Plan& plan, std::size_t index,
                 const std::shared_ptr<const AnyChunk>& chunk);
  bool has_stream_consumer(const Plan& plan, std::size_t index) const;

  Planner& planner_;
  std::optional<PipelineContext> ctx_;
  std::vector<bool> done_;
  std::set<std::size_t> failed_;                   ///< stages, and those that needed them
  std::map<std::size_t, AnyStream> results_;       ///< of reduces, until they are streamed
  std::map<std::size_t, MemoryShare> held_state_;  ///< accumulators of those
};

}  // namespace skymill
