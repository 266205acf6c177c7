// SPDX-License-Identifier: GPL-3.0-or-later
#include "session.h"

#include <core/error.h>
#include <signal.h>
#include <unistd.h>

#include "executor.h"

namespace skymill::cli {

namespace {

std::atomic<bool> stop_flag{false};

/// The first signal lets the run end in order, the second ends it at once.
void on_signal(int number) {
  if (stop_flag.exchange(true)) ::_exit(128 + number);
}

}  // namespace

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) ::sigaction(number, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

const std::atomic<bool>& stop_asked() { return stop_flag; }

void add_run_options(CLI::App& app, RunOptions& options) {
  add_description_options(app, options);
  app.add_flag("--dry-run", options.dry_run, "Check everything and show the plan; write nothing");
  app.add_option("--record", options.record,
                 "Where the record goes, of a batch the record of the whole; default: what the "
                 "description says, or run.json, of a batch batch.json")
      ->type_name("FILE");
}

Session::Session(const Common& common, const RunOptions& run_options,
                 const std::vector<std::string>& arguments)
    : options(run_options),
      console(make_console()),
      log(make_log(common, console)),
      registry(load_registry(common, log)) {
  identity.command_line = arguments;
  identity.started = std::chrono::system_clock::now();
  identity.description_file = find_description(options.file);
}

std::shared_ptr<PipelineContext::Services> Session::services() const {
  auto services = make_services(options, log);
  services->stop = &stop_flag;
  return services;
}

RunResult run_and_record(const Session& session, const RunIdentity& identity, Planner& planner,
                         Plan& plan, std::shared_ptr<PipelineContext::Services> services,
                         const std::string& record) {
  RunEnd end;
  std::optional<Error> failure;
  try {
    PipelineContext ctx = make_context(services);
    planner.plan_ready(plan, {}, ctx);
    Executor(planner, session.console).run(plan, ctx);
  } catch (const Error& error) {
    failure = error;
  } catch (const std::exception& problem) {
    failure = Error(ErrorKind::failed, problem.what());
  }
  if (failure) {
    end.exit_code = static_cast<int>(failure->kind());
    end.error = failure->what();
  } else if (!services->notes.failures.empty()) {
    end.exit_code = static_cast<int>(ErrorKind::failed);
    end.is_partial = true;
  }
  try {
    write_run_record(record, identity, end, &plan, *services);
  } catch (const Error& unrecorded) {
    if (!failure) throw;
    session.log.warning(unrecorded.what());
  }
  if (failure) throw *failure;
  return {services->notes.outputs, services->notes.degradations, services->notes.failures};
}

}  // namespace skymill::cli
