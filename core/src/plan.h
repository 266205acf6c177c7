// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/plugin.h>
#include <core/stage.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "descriptor.h"

namespace skymill {

/// One stage of a description with its links and, once it is planned, what flows.
struct PlannedStage {
  std::string name;
  Where where;
  const StageType* type = nullptr;
  std::unique_ptr<Stage> stage;
  std::vector<ResolvedValue> values;
  FailurePolicy on_failure;

  std::optional<std::size_t> input;          ///< stage whose output it streams in
  std::map<std::string, std::size_t> sides;  ///< side port -> stage whose result it takes
  std::vector<std::size_t> after;            ///< stages that must be done before it is planned

  std::size_t segment = 0;
  std::size_t leased_memory = 0;     ///< bytes that it has asked for on a tmpfs by name
  std::optional<Planning> planning;  ///< absent until planned
};

/// One pass over a stream: what gives the chunks, then what handles them, in order.
struct Segment {
  std::size_t head = 0;            ///< a source, a task, or the reduce whose result is streamed
  bool head_is_result = false;     ///< the head's result stream, not the head itself
  std::vector<std::size_t> chain;  ///< transforms and terminals in the order of the chunk's way

  /// The stages that begin with this pass: not the one whose result it streams.
  std::vector<std::size_t> own_stages() const {
    std::vector<std::size_t> stages = chain;
    if (!head_is_result) stages.insert(stages.begin(), head);
    return stages;
  }

  // Filled when the segment is admitted.
  std::size_t chunk_footprint = 0;  ///< bytes of one chunk in flight, all copies and scratch
  std::size_t queued = 0;           ///< bytes in read-ahead and write-behind queues
  std::size_t state = 0;            ///< bytes of accumulators
  std::size_t leased = 0;           ///< bytes of files on a tmpfs
  std::size_t held = 0;             ///< bytes that results of earlier passes take meanwhile
  std::size_t tokens = 1;
  std::size_t reserved() const { return tokens * chunk_footprint + queued; }
};

class Resumption;

/// What a description will do: stages, links and passes. Made once, then only filled in by
/// planning of stages whose inputs are made by the run itself.
struct Plan {
  std::vector<PlannedStage> stages;
  std::vector<Segment> segments;
  /// What `skymill explain` says.
  /// @param program     bytes that the program itself takes of the budget
  /// @param resumption  what earlier runs have left, once it was looked at; may be null
  std::string text(const MemoryBudget& budget, std::size_t program, int threads,
                   const Resumption* resumption = nullptr) const;
};

/// Whether all stages of a pass are planned.
inline bool is_planned(const Plan& plan, const Segment& segment) {
  for (const std::size_t index : segment.chain) {
    if (!plan.stages[index].planning) return false;
  }
  return plan.stages[segment.head].planning.has_value();
}

/// Builds and plans a description: every mistake goes to `diagnostics`, with its place.
class Planner {
 public:
  Planner(const Registry& registry, Diagnostics& diagnostics)
      : registry_(registry), diagnostics_(diagnostics) {}

  /// Makes the stages, resolves links and cuts segments; reads no data.
  Plan build(const Descriptor& descriptor);

  /// Warns of stages that somebody forgot to read: they are worked through, and what they give is
  /// dropped. Not for batches, whose links may follow from the item.
  void warn_of_unread(const Plan& plan);

  /// Plans every stage whose predecessors in `after` are in `done` (by stage index) and whose
  /// inputs are planned. @throws Error from a stage that finds its input wanting
  void plan_ready(Plan& plan, const std::vector<bool>& done, const PipelineContext& ctx);

  /// Chooses the number of chunks in flight for what the budget leaves.
  static void size_segment(const Plan& plan, Segment& segment, std::size_t free_bytes, int threads);

  /// Checks products of the stages that were planned since the last call: not there yet, and room
  /// for them. Products that stand already (`resumption`) are as they should be.
  void check_products(const Plan& plan, const Resumption* resumption = nullptr);

  static constexpr std::size_t kReadAhead = 2;
  static constexpr std::size_t kWriteBehind = 2;

  // What the executor and `explain` need of a planned stage.
  static const std::string& lane(const PlannedStage& stage) { return stage.planning->lane_; }
  static std::size_t state_bytes(const PlannedStage& stage) { return stage.planning->state_bytes_; }
  static bool any_order(const PlannedStage& stage) { return stage.planning->any_order_; }
  static bool concurrent(const PlannedStage& stage) { return stage.planning->concurrent_; }
  static bool is_resumable(const PlannedStage& stage) { return stage.planning->resumable_; }
  static const std::vector<std::string>& inputs(const PlannedStage& stage) {
    return stage.planning->inputs_;
  }
  static const std::vector<Planning::Product>& products(const PlannedStage& stage) {
    return stage.planning->products_;
  }
  static const std::vector<std::string>& notes(const PlannedStage& stage) {
    return stage.planning->notes_;
  }
  static const PortSpec& output(const PlannedStage& stage) { return stage.planning->output_; }

 private:
  void make_stage(const StageEntry& entry, Plan& plan);
  void link(const StageEntry& entry, Settings& settings, const Plan& plan, PlannedStage& stage);
  std::optional<std::size_t> find_link(const SettingValue& value, const PlannedStage& stage,
                                       const Plan& plan);
  void check_kinds(const PlannedStage& stage, std::size_t from, const PortNeed& need,
                   const std::string& port, const Plan& plan);
  void check_requirements(const Descriptor& descriptor, const Plan& plan);
  void cut_segments(Plan& plan);
  void place_in_segment(Plan& plan, std::size_t index);
  void fold_columns(Plan& plan);
  void plan_stage(Plan& plan, PlannedStage& stage, const PipelineContext& ctx);
  /// @throws Error when a product has no name, or is another stage's too
  static void refuse_shared_products(const Plan& plan, const PlannedStage& stage,
                                     const std::vector<Planning::Product>& products);

  const Registry& registry_;
  Diagnostics& diagnostics_;
  std::vector<std::vector<std::string>> wanted_columns_;  ///< by stage
  std::vector<bool> checked_;                             ///< by stage: products looked at
  std::vector<std::string> unknown_;  ///< stages whose type is not known: no follow-on errors
  std::vector<std::string> off_;      ///< stages whose `when` is false
};

}  // namespace skymill
