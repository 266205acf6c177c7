// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/error.h>

#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "admission.h"
#include "context_state.h"
#include "pass_order.h"
#include "pass_threads.h"
#include "plan.h"

namespace skymill {

/// Runs a plan: passes that do not need each other side by side, as threads and memory allow.
class Executor {
 public:
  explicit Executor(Planner& planner) : planner_(planner) {}

  /// @throws Error with the stage's name; nothing unfinished is published
  void run(Plan& plan, PipelineContext ctx);

 private:
  enum class State { waits, goes_on, ended };

  void begin_what_can(Plan& plan);
  void refuse_circle(const Plan& plan) const;
  bool leave_out(Plan& plan);
  bool leave_out_what_stands(const Plan& plan, Segment& segment);
  std::optional<std::string> lacks(const Plan& plan, const Segment& segment) const;
  std::vector<std::size_t> candidates(const Plan& plan) const;
  bool may_begin(const Plan& plan, std::size_t pass) const;
  void begin(Plan& plan, std::size_t pass, const std::vector<std::size_t>& others);
  PipelineContext context_for(std::size_t pass) const;
  void take_in(const Plan& plan, PassThreads::Ended ended);
  void failed(const Plan& plan, std::size_t pass, const std::exception_ptr& failure);
  void end_failed(const Plan& plan, std::size_t pass);
  void drop_result(const Plan& plan, std::size_t reduce);
  void stop_because(const std::exception_ptr& failure);
  void require_something_made(const Plan& plan) const;

  Planner& planner_;
  std::optional<PipelineContext> ctx_;
  std::optional<PassOrder> order_;
  std::optional<Admission> admission_;
  std::optional<PassThreads> threads_;
  std::vector<State> states_;                           ///< by pass
  std::vector<bool> done_;                              ///< by stage
  std::map<std::size_t, std::int64_t> ready_since_ns_;  ///< passes that only wait for room
  std::set<std::size_t> failed_;                        ///< stages, and those that needed them
  std::set<std::size_t> alone_;          ///< passes that beside others ran out of memory
  std::set<std::size_t> had_company_;    ///< passes that go on and were not always alone
  std::map<std::size_t, PassEnd> left_;  ///< by pass, for those that need it
  std::optional<Error> first_left_out_;  ///< the first failure that the run went on after
  std::exception_ptr failure_;           ///< for which the run stops
};

}  // namespace skymill
