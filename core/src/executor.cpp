// SPDX-License-Identifier: GPL-3.0-or-later
#include "executor.h"

#include <algorithm>

#include "in_stage.h"
#include "record_file.h"
#include "stage_clock.h"
#include "survey.h"

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

/// Whether a failure of the pass leaves others alone: one of its stages is to be done without.
bool goes_on(const Plan& plan, const Segment& segment) {
  const auto may_fail = [&](std::size_t index) { return plan.stages[index].on_failure.goes_on; };
  return may_fail(segment.head) ||
         std::any_of(segment.chain.begin(), segment.chain.end(), may_fail);
}

}  // namespace

void Executor::run(Plan& plan, PipelineContext ctx) {
  ctx_ = std::move(ctx);
  order_.emplace(plan);
  admission_.emplace(ctx_->memory());
  states_.assign(plan.segments.size(), State::waits);
  done_.assign(plan.stages.size(), false);
  const ReleaseInLanes release(plan, ctx_->lanes());
  threads_.emplace(ctx_->threads());
  for (;;) {
    try {
      if (!failure_) begin_what_can(plan);
    } catch (...) {
      stop_because(std::current_exception());
    }
    if (threads_->empty()) break;
    take_in(plan, threads_->wait());
  }
  threads_.reset();
  left_.clear();
  if (failure_) std::rethrow_exception(failure_);
  require_something_made(plan);
  if (ctx_->state().services->notes.failures.empty())
    ctx_->state().services->resumption.set_ended(utc_text(std::chrono::system_clock::now()));
}

/// The first failure is the run's; what goes on is asked to stop.
void Executor::stop_because(const std::exception_ptr& failure) {
  if (!failure_) {
    failure_ = failure;
    ctx_->state().services->stop.cancelled->store(true);
    return;
  }
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    const auto* ours = dynamic_cast<const Error*>(&error);
    if (!ours || ours->kind() != ErrorKind::requeue) ctx_->log().error(error.what());
  }
}

void Executor::begin_what_can(Plan& plan) {
  const auto waits = [&] {
    return std::find(states_.begin(), states_.end(), State::waits) != states_.end();
  };
  while (waits()) {
    do {
      look_around(planner_, plan, done_, *ctx_, Resumption::Look::take_up);
      check_room(planner_, plan, *ctx_);
    } while (leave_out(plan));
    if (!waits()) return;
    ctx_->throw_if_stopped();
    const std::vector<std::size_t> ready = candidates(plan);
    for (const std::size_t pass : ready) ready_since_ns_.try_emplace(pass, wall_now_ns());
    const auto chosen = admission_->choose(plan, ready, threads_->free(), !threads_->empty());
    for (auto pass = chosen.begin(); pass != chosen.end(); ++pass) {
      begin(plan, *pass, {pass + 1, chosen.end()});
    }
    if (!threads_->empty()) return;
    if (chosen.empty()) refuse_circle(plan);
  }
}

void Executor::refuse_circle(const Plan& plan) const {
  const auto waiting = std::find(states_.begin(), states_.end(), State::waits);
  const auto pass = static_cast<std::size_t>(waiting - states_.begin());
  throw Error(ErrorKind::description,
              "'" + pass_title(plan, plan.segments[pass]) + "' waits for a stage that waits for it",
              "look at what its stages name with 'after'");
}

/// Ends passes that have nothing to do, or lack what they need.
/// @return whether there were any: stages may be planned now that waited for them
bool Executor::leave_out(Plan& plan) {
  bool any = false;
  for (std::size_t pass = 0; pass < plan.segments.size(); ++pass) {
    if (states_[pass] != State::waits) continue;
    const auto& needs = order_->needs(pass);
    const bool ready = std::all_of(needs.begin(), needs.end(), [&](std::size_t other) {
      return states_[other] == State::ended;
    });
    if (!ready) continue;
    if (!leave_out_what_stands(plan, plan.segments[pass])) {
      states_[pass] = State::ended;
      any = true;
    } else if (const auto lacking = lacks(plan, plan.segments[pass])) {
      note_failure(*ctx_, *lacking);
      end_failed(plan, pass);
      any = true;
    }
  }
  return any;
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
  if (is_left) return true;
  done_[segment.head] = true;
  if (segment.head_is_result) drop_result(plan, segment.head);
  return false;
}

/// In words, which stage of a pass needs one that has failed.
std::optional<std::string> Executor::lacks(const Plan& plan, const Segment& segment) const {
  for (const std::size_t index : segment.own_stages()) {
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

/// Passes that nothing but memory and threads keeps from beginning.
std::vector<std::size_t> Executor::candidates(const Plan& plan) const {
  std::vector<std::size_t> all;
  std::optional<std::size_t> alone;
  for (std::size_t pass = 0; pass < plan.segments.size(); ++pass) {
    if (!may_begin(plan, pass)) continue;
    if (!alone_.count(pass)) {
      all.push_back(pass);
    } else if (!alone) {
      alone = pass;
    }
  }
  const bool is_one_alone = std::any_of(alone_.begin(), alone_.end(), [&](std::size_t pass) {
    return states_[pass] == State::goes_on;
  });
  if (is_one_alone) return {};
  if (all.empty() && alone && threads_->empty()) return {*alone};
  return all;
}

bool Executor::may_begin(const Plan& plan, std::size_t pass) const {
  if (states_[pass] != State::waits) return false;
  for (const std::size_t other : order_->needs(pass)) {
    if (states_[other] != State::ended) return false;
  }
  for (std::size_t other = 0; other < plan.segments.size(); ++other) {
    // Those that wait as well come in the order of the description.
    const bool is_before =
        states_[other] == State::goes_on || (states_[other] == State::waits && other < pass);
    if (!is_before || !is_planned(plan, plan.segments[other])) continue;
    if (are_in_each_others_way(plan, plan.segments[pass], plan.segments[other])) return false;
  }
  return true;
}

/// The run's context with what the pass may use: products of the passes that it needs, no others,
/// whose time is nobody's promise.
PipelineContext Executor::context_for(std::size_t pass) const {
  PipelineContext ctx = *ctx_;
  for (const std::size_t giver : order_->all_needs(pass)) {
    const auto left = left_.find(giver);
    if (left == left_.end()) continue;
    for (const PassEnd::Product& product : left->second.products) {
      ctx = ctx.with_product(product.key, product.value.kind, product.value.value);
    }
  }
  return ctx;
}

/// @param others  passes that begin right after it
void Executor::begin(Plan& plan, std::size_t pass, const std::vector<std::size_t>& others) {
  Segment& segment = plan.segments[pass];
  try {
    auto start = std::make_shared<PassStart>(PassStart{context_for(pass), {}, {}, {}, 1});
    admission_->admit(plan, pass, others, ctx_->threads(), *start);
    if (segment.head_is_result) {
      PassEnd& giver = left_.at(plan.stages[segment.head].segment);
      start->result = std::move(giver.results.at(segment.head));
      start->state[segment.head] = std::move(giver.state.at(segment.head));
      giver.results.erase(segment.head);
      giver.state.erase(segment.head);
    }
    const std::size_t at_once = threads_->size() + 1 + others.size();
    start->workers = std::max<std::size_t>(1, static_cast<std::size_t>(ctx_->threads()) / at_once);
    states_[pass] = State::goes_on;
    if (Profile* const profile = ctx_->state().services->profile.get()) {
      profile->waited({profile->stage(plan.stages[segment.head].name), 0, 0, false, "main"},
                      ProfileWait::memory, ready_since_ns_.at(pass), wall_now_ns(), false);
    }
    for (std::size_t other = 0; at_once > 1 && other < states_.size(); ++other) {
      if (states_[other] == State::goes_on) had_company_.insert(other);
    }
    threads_->start(
        pass, [&plan, &segment, start] { return make_pass(plan, segment, std::move(*start)); });
  } catch (...) {
    failed(plan, pass, std::current_exception());
  }
}

void Executor::take_in(const Plan& plan, PassThreads::Ended ended) {
  const Segment& segment = plan.segments[ended.pass];
  if (ended.failure) {
    try {
      failed(plan, ended.pass, ended.failure);
    } catch (...) {
      end_failed(plan, ended.pass);
      stop_because(std::current_exception());
    }
    return;
  }
  states_[ended.pass] = State::ended;
  left_[ended.pass] = std::move(ended.end);
  if (segment.head_is_result) drop_result(plan, segment.head);
  done_[segment.head] = true;
  for (const std::size_t index : segment.chain) done_[index] = true;
}

/// Goes on without a pass, if that is asked. @throws the failure when it is the run's
void Executor::failed(const Plan& plan, std::size_t pass, const std::exception_ptr& failure) {
  const Segment& segment = plan.segments[pass];
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    // A task takes its memory when it knows how much: others may have had it.
    const bool may_lack_memory = error.kind() == ErrorKind::resources && had_company_.count(pass) &&
                                 plan.stages[segment.head].type->shape == Shape::task;
    if (may_lack_memory && !failure_ && !alone_.count(pass)) {
      ctx_->log().warning(std::string(error.what()) + "; tried again with nothing beside it");
      alone_.insert(pass);
      states_[pass] = State::waits;
      return;
    }
    if (!goes_on(plan, segment) || error.kind() == ErrorKind::requeue) throw;
    note_failure(*ctx_, error.what());
    if (!first_left_out_) first_left_out_ = error;
    end_failed(plan, pass);
  }
}

void Executor::end_failed(const Plan& plan, std::size_t pass) {
  const Segment& segment = plan.segments[pass];
  states_[pass] = State::ended;
  failed_.insert(segment.head);
  failed_.insert(segment.chain.begin(), segment.chain.end());
  if (segment.head_is_result) drop_result(plan, segment.head);
  for (const std::size_t index : segment.chain) admission_->released(index);
}

/// Nobody will stream what the reduce has gathered any more.
void Executor::drop_result(const Plan& plan, std::size_t reduce) {
  admission_->released(reduce);
  const auto giver = left_.find(plan.stages[reduce].segment);
  if (giver == left_.end()) return;
  giver->second.results.erase(reduce);
  giver->second.state.erase(reduce);
}

/// A run is partial when a part of it was made; otherwise it has failed.
void Executor::require_something_made(const Plan& plan) const {
  if (!first_left_out_) return;
  for (std::size_t index = 0; index < plan.stages.size(); ++index) {
    if (done_[index] && plan.stages[index].type->ports.outputs().empty()) return;
  }
  throw Error(*first_left_out_);
}

}  // namespace skymill
