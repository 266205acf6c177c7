// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>

#include "cli.h"
#include "run_record.h"

namespace skymill::cli {

struct RunOptions : DescriptionOptions {
  bool dry_run = false;
  std::string record;
  std::string events;
  std::string page;
  std::string profile;
};

void add_run_options(CLI::App& app, RunOptions& options);
void add_page_option(CLI::App& app, RunOptions& options);

/// Lets the first SIGINT, SIGTERM or SIGUSR1 ask for a stop, the second end the process at once.
void watch_signals();
/// Whether a stop was asked for.
const std::atomic<bool>& stop_asked();

/// What all runs of one command share.
struct Session {
  Session(const Common& common, const RunOptions& run_options,
          const std::vector<std::string>& arguments);

  /// Services for one run, which listen to the signals.
  std::shared_ptr<PipelineContext::Services> services() const;

  const RunOptions& options;
  std::shared_ptr<Console> console;
  std::shared_ptr<LogListener> listener;
  Log log;
  std::shared_ptr<EventStream> events;  ///< null when nobody asked for them
  Registry registry;

  /// Says how a run or batch ended: on standard output, or beside it when that has the events.
  void report(const std::string& text) const;

  RunIdentity identity;  ///< of the command; its start is that of the first run
};

/// What a run left.
struct RunResult {
  std::vector<std::string> outputs;
  std::vector<std::string> degradations;
  std::vector<std::string> failures;  ///< of parts; the rest went on
};

/// Runs the plan of a description and writes its record, also of a run that fails.
/// @param page  of the run, made from its record; empty makes none
/// @throws Error as the run ended
RunResult run_and_record(const Session& session, const RunIdentity& identity, Planner& planner,
                         Plan& plan, std::shared_ptr<PipelineContext::Services> services,
                         const std::string& record, const std::string& page);

/// How `skymill run` and `skymill watch` go through the items of an `each:` block.
struct BatchMode {
  bool follow = false;                 ///< new items are waited for
  std::optional<double> until_idle_s;  ///< a batch that follows ends when nothing came for so long
};

/// Runs a description once for every item.
/// @return the exit code: 0, 1 when an item failed or was rejected, 75 when it was stopped
/// @param descriptor  read without an item
/// @param text        of the description, which is read again for each item
int run_batch(const Session& session, const Descriptor& descriptor, const std::string& text,
              Diagnostics& diagnostics, const BatchMode& mode);

}  // namespace skymill::cli
