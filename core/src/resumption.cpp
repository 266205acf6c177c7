// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumption.h"

#include <core/error.h>
#include <core/storage.h>

#include <algorithm>
#include <filesystem>

#include "context_state.h"
#include "draft_leftovers.h"
#include "draft_lock.h"
#include "durable.h"

namespace fs = std::filesystem;

namespace skymill {

void ResumableStage::look(const PipelineContext& ctx, Look how) {
  const std::string& product = products_.front().path;
  journal_ = how == Look::take_up ? Journal::open(product) : Journal::look_at(product);
  if (!journal_) {
    if (const auto left = left_unfinished(product)) because_ = {*left};
    return;
  }
  because_ = changes(journal_->facts(), facts_);
  if (journal_->facts().empty()) because_ = {"its journal cannot be read"};
  const bool replaces = std::all_of(products_.begin(), products_.end(),
                                    [](const auto& one) { return one.overwrite; });
  if (because_.empty() && journal_->ended() && replaces) because_ = {"overwrite is set"};
  if (because_.empty() && !journal_->complete().empty()) {
    stands_ = are_all_there();
    if (stands_ && how == Look::take_up) {
      give_names(ctx);
      replay(ctx);
      for (const auto& one : products_) ctx.record_output(one.path);
      ctx.log().info(stands_text());
    }
  }
  usable_ = because_.empty();
  if (!usable_ || stands_ || !journal_->units().empty()) return;
  if (const auto left = left_unfinished(product)) because_ = {*left};
}

/// Finds complete products that a run has not come to publish.
bool ResumableStage::are_all_there() {
  for (const Journal::Product& product : journal_->complete()) {
    if (identity_of(product.path) == product.identity) continue;
    if (identity_of(product.path + ".partial") == product.identity) {
      nameless_.push_back(product.path);
      continue;
    }
    because_.push_back(fs::exists(product.path) ? "'" + product.path + "' was changed later"
                                                : "'" + product.path + "' is gone");
  }
  return because_.empty();
}

namespace {

std::string nameless_text(const std::string& product) {
  return "'" + product + "' is complete and gets its name";
}

}  // namespace

void ResumableStage::give_names(const PipelineContext& ctx) const {
  for (const Journal::Product& product : journal_->complete()) {
    if (std::find(nameless_.begin(), nameless_.end(), product.path) == nameless_.end()) {
      // The product that was replaced may still stand there, and the lock.
      const bool is_left =
          fs::exists(product.path + ".partial") || fs::exists(draft_lock_path(product.path));
      if (is_left) Draft(product.path, true);
      continue;
    }
    const auto announced = std::find_if(products_.begin(), products_.end(),
                                        [&](const auto& one) { return one.path == product.path; });
    ctx.log().info(nameless_text(product.path));
    Draft::take_up(product.path, announced != products_.end() && announced->overwrite).publish();
  }
}

std::string ResumableStage::stands_text() const {
  return "'" + products_.front().path + "' and the rest of its products stand";
}

std::string ResumableStage::goes_on_text() const {
  return "goes on with '" + products_.front().path + ".partial', which has " +
         std::to_string(journal_->units().size()) + " units; the missing ones are made";
}

std::vector<std::string> ResumableStage::anew_texts() const {
  std::vector<std::string> texts;
  for (const std::string& reason : because_) {
    texts.push_back("'" + products_.front().path + "' is made anew: " + reason);
  }
  return texts;
}

std::size_t ResumableStage::usable_units() const {
  const bool takes_up = journal_ && usable_ && journal_->complete().empty() &&
                        fs::exists(products_.front().path + ".partial");
  return takes_up ? journal_->units().size() : 0;
}

std::vector<std::string> ResumableStage::prospects(bool by_units) const {
  std::vector<std::string> texts;
  if (stands_) {
    for (const std::string& product : nameless_) texts.push_back(nameless_text(product));
    texts.push_back(stands_text());
  } else if (by_units && usable_units() > 0) {
    texts.push_back(goes_on_text());
  } else {
    texts = anew_texts();
    if (texts.empty()) texts = {"'" + products_.front().path + "' is made: missing"};
  }
  return texts;
}

/// Tells again what the earlier run's stages have told about the units that are taken up.
void ResumableStage::replay(const PipelineContext& ctx) const {
  for (const Journal::Unit& unit : journal_->units()) {
    for (const auto& [stage, table, row] : unit.rows) ctx.metrics().add_row(stage, table, row);
    RunNotes& notes = ctx.state().services->notes;
    const std::lock_guard lock(notes.mutex);
    notes.degradations.insert(notes.degradations.end(), unit.degradations.begin(),
                              unit.degradations.end());
  }
}

void ResumableStage::begin(Stage& stage, bool by_units, bool concurrent,
                           const PipelineContext& ctx) {
  by_units_ = by_units;
  if (by_units && concurrent) lane_ = std::make_shared<Lane>("journal");
  if (!journal_) journal_ = Journal::create(products_.front().path);
  if (by_units && usable_ && !journal_->units().empty() && journal_->complete().empty()) {
    std::vector<DoneUnit> units;
    for (const auto& unit : journal_->units()) {
      units.push_back({Span::from_text(unit.span), unit.note});
    }
    if (stage.take_up(units, ctx)) {
      for (const auto& unit : journal_->units()) taken_.insert(unit.span);
      replay(ctx);
      ctx.log().info(goes_on_text());
      return;
    }
    because_.push_back("'" + products_.front().path + ".partial' is not as its journal says");
  }
  for (const std::string& text : anew_texts()) ctx.log().info(text);
  journal_->begin(facts_, ctx.run_id());
}

void ResumableStage::written(Stage& stage, const AnyChunk& chunk, UnitNotes& notes,
                             const PipelineContext& ctx) {
  Journal::Unit unit{chunk.span().text(), stage.unit_note(chunk), {}, {}};
  {
    const std::lock_guard lock(notes.mutex);
    unit.rows = notes.rows;
    unit.degradations = notes.degradations;
  }
  bool is_due = false;
  {
    const std::lock_guard lock(mutex_);
    made_.insert(unit.span);
    written_.push_back(std::move(unit));
    if (failure_) std::rethrow_exception(failure_);
    is_due = !is_posted_ && Clock::now() - settled_ > kPeriod;
    is_posted_ = is_posted_ || (is_due && lane_);
  }
  if (!is_due) return;
  if (!lane_) return settle(stage, ctx);
  lane_->post([this, &stage, ctx](const Lane::Token&) {
    std::exception_ptr failure;
    try {
      settle(stage, ctx);
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    failure_ = failure;
    is_posted_ = false;
  });
}

void ResumableStage::settle(Stage& stage, const PipelineContext& ctx) {
  const std::lock_guard settling(settling_);
  std::vector<Journal::Unit> units;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    units.swap(written_);
  }
  if (units.empty()) return;
  stage.settle(ctx);
  journal_->add(units);
  const std::lock_guard lock(mutex_);
  settled_ = Clock::now();
}

void ResumableStage::set_complete() {
  if (!journal_ || lacking_ || !journal_->complete().empty()) return;
  std::vector<Journal::Product> marks;
  for (const auto& product : products_) {
    const std::string draft = product.path + ".partial";
    if (fs::exists(draft)) fsync_tree(draft);
    marks.push_back({product.path, identity_of(fs::exists(draft) ? draft : product.path)});
  }
  journal_->add_complete(std::move(marks));
}

void ResumableStage::set_ended(const std::string& when) {
  if (journal_ && !journal_->complete().empty() && !journal_->ended()) journal_->add_ended(when);
}

void ResumableStage::forget_what_is_gone() {
  const bool is_there = std::any_of(products_.begin(), products_.end(), [](const auto& product) {
    return fs::exists(product.path + ".partial");
  });
  if (journal_ && journal_->complete().empty() && !is_there) journal_->forget();
}

bool Resumption::look(const Plan& plan, const PipelineContext& ctx, Look how) {
  bool any = false;
  for (std::size_t index = 0; index < plan.stages.size(); ++index) {
    const PlannedStage& planned = plan.stages[index];
    if (!planned.planning || find(index) || !Planner::is_resumable(planned)) continue;
    const auto& products = Planner::products(planned);
    if (products.empty()) continue;
    Facts facts = facts_of(plan, index);
    const auto add = [&]() -> ResumableStage& {
      const std::lock_guard lock(mutex_);
      return stages_.try_emplace(index, planned.name, products, std::move(facts)).first->second;
    };
    ResumableStage& stage = add();
    stage.look(ctx.with_stage(planned.name), how);
    any = any || stage.stands();
  }
  return any;
}

bool Resumption::is_needed(const Plan& plan, std::size_t stage) const {
  if (plan.stages[stage].type->ports.outputs().empty()) {
    const ResumableStage* resumable = find(stage);
    return !resumable || !resumable->stands();
  }
  bool is_read = false;
  for (std::size_t other = 0; other < plan.stages.size(); ++other) {
    const PlannedStage& reader = plan.stages[other];
    const bool reads = reader.input == stage ||
                       std::any_of(reader.sides.begin(), reader.sides.end(),
                                   [&](const auto& side) { return side.second == stage; });
    if (!reads) continue;
    is_read = true;
    if (is_needed(plan, other)) return true;
  }
  return !is_read;
}

ResumableStage* Resumption::find(std::size_t stage) {
  const std::lock_guard lock(mutex_);
  const auto found = stages_.find(stage);
  return found == stages_.end() ? nullptr : &found->second;
}

const ResumableStage* Resumption::find(std::size_t stage) const {
  const std::lock_guard lock(mutex_);
  const auto found = stages_.find(stage);
  return found == stages_.end() ? nullptr : &found->second;
}

ResumableStage* Resumption::find(const std::string& stage) {
  const std::lock_guard lock(mutex_);
  for (auto& [index, resumable] : stages_) {
    if (resumable.name() == stage) return &resumable;
  }
  return nullptr;
}

void Resumption::set_below(const std::string& giver, std::vector<const ResumableStage*> sinks) {
  const std::lock_guard lock(mutex_);
  below_[giver] = std::move(sinks);
}

bool Resumption::is_done(const std::string& giver, const Span& span) const {
  const std::lock_guard lock(mutex_);
  const auto found = below_.find(giver);
  if (found == below_.end() || found->second.empty()) return false;
  const std::string text = span.text();
  return std::all_of(found->second.begin(), found->second.end(),
                     [&](const ResumableStage* sink) { return sink->has(text); });
}

std::size_t Resumption::count_done(const std::string& giver) const {
  const std::lock_guard lock(mutex_);
  const auto found = below_.find(giver);
  if (found == below_.end() || found->second.empty()) return 0;
  const auto& sinks = found->second;
  const std::set<std::string>& taken = sinks.front()->taken();
  return static_cast<std::size_t>(
      std::count_if(taken.begin(), taken.end(), [&](const std::string& span) {
        return std::all_of(sinks.begin(), sinks.end(),
                           [&](const ResumableStage* sink) { return sink->has(span); });
      }));
}

void Resumption::set_ended(const std::string& when) {
  for (auto& [index, stage] : stages_) stage.set_ended(when);
}

}  // namespace skymill
