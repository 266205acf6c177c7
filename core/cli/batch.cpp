// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>

#include <filesystem>
#include <thread>

#include "batch_record.h"
#include "each.h"
#include "session.h"
#include "survey.h"

namespace fs = std::filesystem;

namespace skymill::cli {

namespace {

using Clock = std::chrono::steady_clock;
using Outcome = ItemRow::Outcome;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Whether the same work may succeed at another time.
bool is_recoverable(ErrorKind kind) {
  return kind == ErrorKind::failed || kind == ErrorKind::resources || kind == ErrorKind::requeue;
}

class Batch {
 public:
  Batch(const Session& session, const Descriptor& descriptor, const std::string& text,
        const BatchMode& mode, EachSource& source)
      : session_(session),
        descriptor_(descriptor),
        text_(text),
        mode_(mode),
        source_(source),
        identity_(session.identity),
        record_file_(!session.options.record.empty()    ? session.options.record
                     : !descriptor.each->record.empty() ? descriptor.each->record
                                                        : "batch.json") {}

  int execute() {
    const auto services = session_.services();
    const PipelineContext ctx = make_context(services);
    identity_.id = services->run_id;
    source_.open(ctx);
    if (mode_.follow) {
      session_.log.info("watching, looks every " + format_quantity(descriptor_.each->poll_s, "s"));
    }
    try {
      go_through_items(ctx);
    } catch (const Error& error) {
      // A stop while the source looks around; what went wrong in an item is in its row.
      if (error.kind() != ErrorKind::requeue) throw;
      if (!mode_.follow) record_.set_stopped();
    }
    if (session_.options.dry_run) return 0;
    record_.write(record_file_, identity_);
    session_.report(record_.table() + "  " + record_file_ + "\n");
    return record_.exit_code();
  }

 private:
  void go_through_items(const PipelineContext& ctx) {
    Clock::time_point last_new = Clock::now();
    for (;;) {
      const auto item = source_.next(ctx);
      if (item) {
        if (stop_asked()) return record_.set_stopped();
        handle(*item);
        if (stopped_inside_) return record_.set_stopped();
        last_new = Clock::now();
        continue;
      }
      if (!mode_.follow || !wait_for_more(last_new)) return;
    }
  }

  /// Waits until it is time to look again. @return false when the watch ends
  bool wait_for_more(Clock::time_point last_new) {
    if (unwritten_) write_record();
    const Clock::time_point start = Clock::now();
    while (seconds_since(start) < descriptor_.each->poll_s) {
      const bool idle = mode_.until_idle_s && seconds_since(last_new) >= *mode_.until_idle_s;
      if (idle || stop_asked()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  void handle(const WorkItem& item) {
    ItemRow row;
    row.item = item.name;
    row.state = item.state;
    row.reason = item.reason;
    row.recoverable = item.recoverable;
    switch (item.state) {
      case WorkItem::State::ready:
        run_item(item, row);
        break;
      case WorkItem::State::waiting:
        row.outcome = Outcome::waiting;
        row.recoverable = true;
        break;
      case WorkItem::State::skipped:
        row.outcome = Outcome::skipped;
        break;
      case WorkItem::State::rejected:
        row.outcome = Outcome::rejected;
        break;
    }
    tell(row);
    if (session_.options.dry_run) return;
    const bool was_run = !row.record.empty();
    record_.add(std::move(row));
    unwritten_ = true;
    // Thousands of items that were done long ago follow each other fast.
    if (was_run || seconds_since(last_write_) > 1) write_record();
  }

  void write_record() {
    last_write_ = Clock::now();
    try {
      record_.write(record_file_, identity_);
      unwritten_ = false;
    } catch (const Error& error) {
      session_.log.warning(error.what());  // it is written again after the next item
    }
  }

  void run_item(const WorkItem& item, ItemRow& row) {
    const Clock::time_point start = Clock::now();
    try {
      run_description(item, row);
    } catch (const Error& error) {
      row.outcome = error.kind() == ErrorKind::requeue ? Outcome::stopped : Outcome::failed;
      row.reason = error.what();
      row.recoverable = is_recoverable(error.kind());
      stopped_inside_ = error.kind() == ErrorKind::requeue;
    } catch (const std::exception& problem) {
      row.outcome = Outcome::failed;
      row.reason = problem.what();
    }
    row.seconds = seconds_since(start);
  }

  void run_description(const WorkItem& item, ItemRow& row) {
    Diagnostics diagnostics;
    const Descriptor descriptor = read_descriptor_text(
        descriptor_.file, text_, session_.options.overrides, diagnostics, &item);
    diagnostics.throw_if_errors();
    const EachEntry& each = *descriptor.each;
    std::error_code code;  // a place that cannot be looked at fails later, with its reason
    if (each.skip_existing && fs::exists(fs::symlink_status(each.product, code))) {
      row.outcome = Outcome::skipped;
      row.reason = "'" + each.product + "' exists";
      return;
    }
    Planner planner(session_.registry, diagnostics);
    Plan plan = planner.build(descriptor);
    diagnostics.throw_if_errors();
    const auto services = session_.services();
    if (session_.options.dry_run) {
      const PipelineContext ctx = make_context(services);
      look_ahead(planner, plan, ctx);
      check_room(planner, plan, ctx);
      row.outputs = products_of(plan);
      return;
    }
    RunIdentity identity = identity_;
    identity.id += "-" + std::to_string(++runs_);
    identity.item = item.name;
    services->run_id = identity.id;
    identity.started = std::chrono::system_clock::now();
    row.record = descriptor.record.empty() ? item.name + ".run.json" : descriptor.record;
    session_.log.info("item " + item.name);
    const RunResult result =
        run_and_record(session_, identity, planner, plan, services, row.record, descriptor.page);
    row.outputs = result.outputs;
    for (const std::string& path : row.outputs) row.bytes += bytes_on_disk(path);
    for (const std::string& reason : result.failures) {
      row.outcome = Outcome::failed;
      row.recoverable = true;
      row.reason += (row.reason.empty() ? "" : "; ") + reason;
    }
    for (const std::string& reason : result.degradations) {
      row.reason += (row.reason.empty() ? "degraded: " : "; degraded: ") + reason;
    }
  }

  static std::vector<std::string> products_of(const Plan& plan) {
    std::vector<std::string> paths;
    for (const PlannedStage& stage : plan.stages) {
      if (!stage.planning) continue;
      for (const auto& product : Planner::products(stage)) {
        if (product.scratch) continue;
        paths.push_back(product.path + ", " +
                        format_quantity(static_cast<double>(product.bytes), "B"));
      }
    }
    return paths;
  }

  /// A dry run's answer, or a line of the log.
  void tell(const ItemRow& row) const {
    if (session_.options.dry_run) {
      const bool as_item = row.outcome == Outcome::done || row.outcome == Outcome::waiting;
      std::string text = row.item + "  " +
                         std::string(as_item ? state_name(row.state) : outcome_name(row.outcome)) +
                         (row.reason.empty() ? "" : "  " + row.reason) + "\n";
      for (const std::string& product : row.outputs) text += "  would make " + product + "\n";
      print(text);
      return;
    }
    const std::string line = "item " + row.item + ": " + std::string(outcome_name(row.outcome)) +
                             (row.reason.empty() ? "" : ": " + row.reason);
    if (row.outcome == Outcome::failed) {
      session_.log.error(line);
    } else if (row.outcome == Outcome::rejected || row.outcome == Outcome::stopped) {
      session_.log.warning(line);
    } else {
      session_.log.info(line);
    }
  }

  const Session& session_;
  const Descriptor& descriptor_;
  const std::string& text_;
  const BatchMode& mode_;
  EachSource& source_;
  RunIdentity identity_;
  const std::string record_file_;
  BatchRecord record_;
  std::size_t runs_ = 0;
  bool stopped_inside_ = false;
  bool unwritten_ = false;
  Clock::time_point last_write_{};
};

}  // namespace

int run_batch(const Session& session, const Descriptor& descriptor, const std::string& text,
              Diagnostics& diagnostics, const BatchMode& mode) {
  if (session.options.profile.ends_with(".json")) {
    throw Error(ErrorKind::description, "--profile names one file, and this is a batch",
                "give a folder: each item leaves its profile there");
  }
  EachSource source(session.registry, diagnostics);
  source.build(descriptor, mode.follow && !session.options.dry_run);
  source.check_stages(descriptor);
  diagnostics.throw_if_errors();
  for (const Diagnostic& remark : diagnostics.sorted()) session.log.warning(remark.text());
  const BatchMode at_once;
  return Batch(session, descriptor, text, session.options.dry_run ? at_once : mode, source)
      .execute();
}

}  // namespace skymill::cli
