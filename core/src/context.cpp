// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>

#include "context_state.h"

namespace skymill {

PipelineContext::PipelineContext(std::shared_ptr<const State> state) : state_(std::move(state)) {}

const PipelineContext::State& PipelineContext::state() const { return *state_; }

PipelineContext make_context(std::shared_ptr<PipelineContext::Services> services) {
  const Log log = services->log;
  auto state = std::make_shared<PipelineContext::State>(
      PipelineContext::State{std::move(services), {}, log, nullptr, nullptr, {}, {}});
  return PipelineContext(std::move(state));
}

const Log& PipelineContext::log() const { return state_->log; }
Metrics& PipelineContext::metrics() const { return state_->services->metrics; }
MemoryBudget& PipelineContext::memory() const { return state_->services->memory; }
Lanes& PipelineContext::lanes() const { return state_->services->lanes; }
int PipelineContext::threads() const { return state_->services->threads; }
const std::string& PipelineContext::run_id() const { return state_->services->run_id; }
const std::string& PipelineContext::scratch_root() const { return state_->services->scratch_root; }
const std::string& PipelineContext::stage() const { return state_->stage; }

void StopRequest::throw_if_set() const {
  if (!is_set()) return;
  throw Error(ErrorKind::requeue,
              cancelled->load() ? "stopped, because another stage has failed"
                                : "stopped on request; nothing unfinished was published",
              "run the same command again");
}

bool PipelineContext::stop_requested() const {
  return !state_->unit && state_->services->stop.is_set();
}

void PipelineContext::throw_if_stopped() const {
  if (!state_->unit) state_->services->stop.throw_if_set();
  if (state_->deadline && std::chrono::steady_clock::now() > state_->deadline->when) {
    throw Error(ErrorKind::failed,
                "took longer than " + format_quantity(state_->deadline->seconds, "s"),
                "raise its timeout");
  }
}

bool PipelineContext::is_done(const Span& span) const {
  return state_->services->resumption.is_done(state_->stage, span);
}

void PipelineContext::all_complete() const {
  ResumableStage* stage = state_->services->resumption.find(state_->stage);
  if (stage) stage->set_complete();
}

PipelineContext with_deadline(const PipelineContext& ctx, double seconds) {
  auto state = std::make_shared<PipelineContext::State>(ctx.state());
  state->deadline = Deadline{std::chrono::steady_clock::now() +
                                 std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                     std::chrono::duration<double>(seconds)),
                             seconds};
  return PipelineContext(std::move(state));
}

PipelineContext with_unit(const PipelineContext& ctx, std::shared_ptr<UnitNotes> notes) {
  auto state = std::make_shared<PipelineContext::State>(ctx.state());
  state->unit = std::move(notes);
  return PipelineContext(std::move(state));
}

Draft PipelineContext::draft(const std::string& path, bool overwrite) const {
  auto space = state_->services->staging.take(state_->stage, path);
  if (!space) return Draft(path, overwrite);
  // Not the context itself: a draft may be the last to go, in a lane that the services own.
  return Draft(path, overwrite, std::move(*space),
               [stop = state_->services->stop] { stop.throw_if_set(); });
}

std::shared_ptr<const ScratchFolder> PipelineContext::scratch(const std::string& name) const {
  auto space = state_->services->staging.take(
      state_->stage, Planning::scratch_path(scratch_root(), state_->stage, name));
  if (space) return std::make_shared<const ScratchFolder>(std::move(*space));
  return std::make_shared<const ScratchFolder>(scratch_root(), state_->stage + "." + name);
}

const Lane::Token& PipelineContext::lane_token() const {
  if (!state_->token) {
    throw Error(ErrorKind::failed, "stage '" + state_->stage +
                                       "' wants to work in a lane but asked for none in plan()");
  }
  return *state_->token;
}

void PipelineContext::count(const std::string& counter, std::int64_t amount) const {
  metrics().add(state_->stage, counter, amount);
}

void PipelineContext::record(const std::string& table, Row row) const {
  if (state_->unit) {
    const std::lock_guard lock(state_->unit->mutex);
    state_->unit->rows.push_back({state_->stage, table, row});
  }
  metrics().add_row(state_->stage, table, std::move(row));
}

void PipelineContext::degrade(const std::string& reason) const {
  log().warning(reason);
  if (state_->unit) {
    const std::lock_guard lock(state_->unit->mutex);
    state_->unit->degradations.push_back(state_->stage + ": " + reason);
  }
  RunNotes& notes = state_->services->notes;
  const std::lock_guard lock(notes.mutex);
  notes.degradations.push_back(state_->stage + ": " + reason);
  state_->services->watch.degraded(state_->stage, reason);
}

void PipelineContext::record_input(const std::string& path) const {
  RunNotes& notes = state_->services->notes;
  const std::lock_guard lock(notes.mutex);
  notes.inputs.push_back(path);
  state_->services->watch.input(state_->stage, path);
}

void PipelineContext::record_output(const std::string& path) const {
  RunNotes& notes = state_->services->notes;
  const std::lock_guard lock(notes.mutex);
  notes.outputs.push_back(path);
  state_->services->watch.output(state_->stage, path);
}

PipelineContext PipelineContext::with_stage(std::string stage) const {
  auto state = std::make_shared<State>(*state_);
  state->log = state->log.named(stage);
  state->stage = std::move(stage);
  return PipelineContext(std::move(state));
}

PipelineContext PipelineContext::with_lane_token(const Lane::Token& token) const {
  auto state = std::make_shared<State>(*state_);
  state->token = &token;
  return PipelineContext(std::move(state));
}

PipelineContext PipelineContext::with_product(const std::string& name, DataKind kind,
                                              std::shared_ptr<const void> value) const {
  auto state = std::make_shared<State>(*state_);
  const bool added = state->products.emplace(name, State::Product{kind, std::move(value)}).second;
  if (!added) {
    throw Error(ErrorKind::failed, "a product '" + name + "' is in this run's context already");
  }
  return PipelineContext(std::move(state));
}

const void* PipelineContext::find_product(const std::string& name, DataKind kind) const {
  const auto found = state_->products.find(name);
  if (found == state_->products.end()) return nullptr;
  if (found->second.kind != kind) {
    throw Error(ErrorKind::failed, "product '" + name + "' is " + found->second.kind.text() +
                                       ", but stage '" + state_->stage + "' reads it as " +
                                       kind.text());
  }
  return found->second.value.get();
}

const void* PipelineContext::product(const std::string& name, DataKind kind) const {
  if (const void* value = find_product(name, kind)) return value;
  throw Error(ErrorKind::failed,
              "stage '" + state_->stage + "' needs the product '" + name +
                  "' of an earlier stage, and no stage has made it",
              "name the stage that makes it with 'after'");
}

std::string PipelineContext::side_key(std::string_view port) const {
  return side_product_key(state_->stage, port);
}

}  // namespace skymill
