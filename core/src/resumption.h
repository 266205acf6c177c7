// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "journal.h"
#include "plan.h"

namespace skymill {

/// A resumable stage of this run: what an earlier run has left of its products, and what becomes of
/// them now. During a pass several threads may call `written`.
class ResumableStage {
 public:
  /// @param facts  what the products depend on
  ResumableStage(std::string name, std::vector<Planning::Product> products, Facts facts)
      : name_(std::move(name)), products_(std::move(products)), facts_(std::move(facts)) {}

  enum class Look { take_up, only_look };

  /// Reads the journal, when there is one, and gives complete products the names that they lack;
  /// or changes nothing and only finds out what would be.
  void look(const PipelineContext& ctx, Look how);
  /// Whether all is made already.
  bool stands() const { return stands_; }
  /// Why what was there is not used; empty when nothing was.
  const std::vector<std::string>& because() const { return because_; }
  /// What becomes of the products, in the sentences of the run's log.
  /// @param by_units  a pass brings them unit by unit
  std::vector<std::string> prospects(bool by_units) const;
  /// Units that the journal has and the run can take up.
  std::size_t usable_units() const;

  /// Before the stage's work: goes on with what is there, or begins the journal anew.
  /// @param ctx  the stage's, with its lane's token
  /// @param by_units  each chunk is a unit, to be noted by `written`
  /// @param concurrent  the stage bears being settled while others write
  void begin(Stage& stage, bool by_units, bool concurrent, const PipelineContext& ctx);
  /// Sets room aside in the journal.
  void reserve(std::size_t units) { journal_->reserve(units); }
  bool is_by_units() const { return by_units_; }
  bool has(const std::string& span) const { return taken_.count(span) > 0; }
  /// A chunk has been written. Settles the stage now and then; a concurrent one in a lane of its
  /// own, so that no worker waits for the disk.
  void written(Stage& stage, const AnyChunk& chunk, UnitNotes& notes, const PipelineContext& ctx);
  /// Makes durable what was written, and says so in the journal.
  void settle(Stage& stage, const PipelineContext& ctx);
  /// A unit has failed and is left out: another run may try it again, so nothing is complete.
  void set_lacking() { lacking_ = true; }
  /// The products are complete, with or without their final names.
  void set_complete();
  /// The run has come to its end.
  void set_ended(const std::string& when);
  /// After a failure: a journal of drafts that the stage has given up goes as well.
  void forget_what_is_gone();

  const std::string& name() const { return name_; }
  std::string journal_path() const { return Journal::path_of(products_.front().path); }
  const std::set<std::string>& taken() const { return taken_; }
  /// Units that this run has made, in order.
  const std::set<std::string>& made() const { return made_; }

 private:
  bool are_all_there();
  void give_names(const PipelineContext& ctx) const;
  std::string stands_text() const;
  std::string goes_on_text() const;
  std::vector<std::string> anew_texts() const;
  void replay(const PipelineContext& ctx) const;

  std::string name_;
  std::vector<Planning::Product> products_;
  Facts facts_;
  std::unique_ptr<Journal> journal_;
  bool usable_ = false;  ///< the journal's units are of the same facts
  bool stands_ = false;
  std::vector<std::string> nameless_;  ///< products that are complete
  bool by_units_ = false;
  std::atomic<bool> lacking_ = false;
  std::vector<std::string> because_;
  std::set<std::string> taken_;

  using Clock = std::chrono::steady_clock;
  /// A crash costs the units of so much time; more often, waiting for the disk would cost more.
  static constexpr std::chrono::milliseconds kPeriod{500};
  std::mutex settling_;  ///< held while a group is made durable
  std::mutex mutex_;     ///< for what stands below
  std::vector<Journal::Unit> written_;
  std::set<std::string> made_;
  Clock::time_point settled_ = Clock::now();
  std::exception_ptr failure_;  ///< of settling in the lane
  bool is_posted_ = false;
  std::shared_ptr<Lane> lane_;  ///< last: its thread ends before what it uses
};

/// The resumable stages of a run. Passes that go on side by side may all ask it.
class Resumption {
 public:
  using Look = ResumableStage::Look;

  /// Looks for what earlier runs have left of the stages that have been planned since the last
  /// call. @return whether any stands
  bool look(const Plan& plan, const PipelineContext& ctx, Look how);

  /// Whether this run must do the stage's work: it makes a product that is not there, or gives what
  /// such a stage needs.
  bool is_needed(const Plan& plan, std::size_t stage) const;
  /// The stage, when it is resumable.
  ResumableStage* find(std::size_t stage);
  ResumableStage* find(const std::string& stage);
  const ResumableStage* find(std::size_t stage) const;

  /// Units of the stage's result that all these have need not be made.
  void set_below(const std::string& giver, std::vector<const ResumableStage*> sinks);
  bool is_done(const std::string& giver, const Span& span) const;
  /// How many units of the stage's result these are.
  std::size_t count_done(const std::string& giver) const;

  const std::map<std::size_t, ResumableStage>& stages() const { return stages_; }
  void set_ended(const std::string& when);

 private:
  mutable std::mutex mutex_;                      ///< of the maps
  std::map<std::size_t, ResumableStage> stages_;  ///< by index in the plan
  std::map<std::string, std::vector<const ResumableStage*>> below_;
};

}  // namespace skymill
