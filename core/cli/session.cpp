// SPDX-License-Identifier: GPL-3.0-or-later
#include "session.h"

#include <core/error.h>
#include <core/version.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "executor.h"
#include "profile_report.h"
#include "record_file.h"
#include "run_page.h"

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
  app.add_option("--events", options.events,
                 "Write what happens as it happens, one JSON object a line; '-' is standard output")
      ->type_name("FILE|-");
  app.add_option("--profile", options.profile,
                 "Measure stages and chunks: times, waits, bytes, memory, and a trace of all "
                 "threads; of a batch for each item, in a folder")
      ->type_name("FOLDER|FILE.json");
}

void add_page_option(CLI::App& app, RunOptions& options) {
  app.add_option("--page", options.page,
                 "Make an HTML page of the run; default: what the description says, or none")
      ->type_name("FILE");
}

Session::Session(const Common& common, const RunOptions& run_options,
                 const std::vector<std::string>& arguments)
    : options(run_options),
      console(make_console()),
      listener(std::make_shared<LogListener>()),
      log(make_log(common, console, listener)),
      registry(load_registry(common, log)) {
  if (!options.events.empty() && !options.dry_run) {
    events = std::make_shared<EventStream>(options.events, log);
  }
  identity.command_line = arguments;
  identity.started = std::chrono::system_clock::now();
  identity.description_file = find_description(options.file);
}

void Session::report(const std::string& text) const {
  if (events && events->is_standard_output()) {
    console->write_line(text);
  } else {
    print(text);
  }
}

std::shared_ptr<PipelineContext::Services> Session::services() const {
  auto services = make_services(options, log);
  services->stop.asked = &stop_flag;
  return services;
}

namespace {

using Json = nlohmann::ordered_json;

void tell_start(const RunIdentity& identity, const Plan& plan,
                const PipelineContext::Services& services) {
  if (!services.watch.wants_events()) return;
  Json stages = Json::array();
  for (const PlannedStage& stage : plan.stages) {
    stages.push_back({{"name", stage.name}, {"use", stage.type->name}});
  }
  services.watch.tell("run_started", {{"skymill", SKYMILL_VERSION},
                                      {"command", identity.command_line},
                                      {"description", identity.description_file},
                                      {"process", ::getpid()},
                                      {"threads", services.threads},
                                      {"memory_bytes", services.memory.total()},
                                      {"stages", stages}});
}

void tell_end(const RunIdentity& identity, const RunEnd& end, const std::string& record,
              PipelineContext::Services& services) {
  if (!services.watch.wants_events()) return;
  Json fields;
  {
    const std::lock_guard lock(services.notes.mutex);
    fields["verdict"] = run_verdict(end, services.notes.degradations);
    fields["degraded_because"] = services.notes.degradations;
    fields["failures"] = services.notes.failures;
    fields["outputs"] = services.notes.outputs;
  }
  fields["exit_code"] = end.exit_code;
  if (!end.error.empty()) fields["error"] = end.error;
  fields["wall_s"] =
      std::chrono::duration<double>(std::chrono::system_clock::now() - identity.started).count();
  fields["record"] = record;
  services.watch.tell("run_ended", fields);
}

/// A run whose page cannot be made is no failed run: `skymill page` makes it later.
void write_page(const Session& session, const std::string& record, const std::string& page) {
  try {
    write_text_whole(page, page_of_record(record));
  } catch (const Error& problem) {
    session.log.warning(std::string("no page of this run: ") + problem.what());
  }
}

/// Ends the profile of a run and writes it. A run that cannot be profiled is no failed run.
void write_profiles(const Session& session, const RunIdentity& identity, Profile& profile) {
  namespace fs = std::filesystem;
  const fs::path asked(session.options.profile);
  const bool is_file = asked.extension() == ".json";
  const std::string name = identity.item.empty() ? "" : identity.item + ".";
  const fs::path file = is_file ? asked : asked / (name + "profile.json");
  const fs::path trace =
      is_file ? fs::path(asked).replace_extension("trace.json") : asked / (name + "trace.json");
  const ProfileResult result = profile.end();
  try {
    write_profile(file, identity.id, result);
    write_trace(trace, result);
    session.report(profile_table(result) + "  " + file.string() + ", " + trace.string() + "\n");
  } catch (const Error& problem) {
    session.log.warning(std::string("no profile of this run: ") + problem.what());
  }
}

}  // namespace

RunResult run_and_record(const Session& session, const RunIdentity& identity, Planner& planner,
                         Plan& plan, std::shared_ptr<PipelineContext::Services> services,
                         const std::string& record, const std::string& page) {
  // What the start has cost belongs to the first run, and in a batch to none of the items.
  if (!session.options.profile.empty()) {
    services->profile = std::make_shared<Profile>(identity.item.empty());
  }
  services->watch.start(identity.id,
                        {session.console, session.log, session.events, session.listener});
  tell_start(identity, plan, *services);
  RunEnd end;
  std::optional<Error> failure;
  try {
    PipelineContext ctx = make_context(services);
    planner.plan_ready(plan, {}, ctx);
    Executor(planner).run(plan, ctx);
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
  services->watch.stop();
  if (services->profile) write_profiles(session, identity, *services->profile);
  try {
    write_run_record(record, identity, end, &plan, *services);
    if (!page.empty()) write_page(session, record, page);
  } catch (const Error& unrecorded) {
    if (failure) session.log.warning(unrecorded.what());
    if (!failure) failure = unrecorded;
    end = {static_cast<int>(failure->kind()), failure->what()};
  }
  tell_end(identity, end, record, *services);
  if (failure) throw *failure;
  return {services->notes.outputs, services->notes.degradations, services->notes.failures};
}

}  // namespace skymill::cli
