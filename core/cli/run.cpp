// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <set>

#include "cli.h"
#include "executor.h"
#include "run_record.h"

namespace skymill::cli {

namespace {

std::atomic<bool> stop_asked{false};

/// The first signal lets the run end in order, the second ends it at once.
void on_signal(int number) {
  if (stop_asked.exchange(true)) ::_exit(128 + number);
}

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) ::sigaction(number, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

struct RunOptions : DescriptionOptions {
  bool dry_run = false;
  std::string record;
};

class Run {
 public:
  Run(const Common& common, const RunOptions& options, const std::vector<std::string>& arguments)
      : options_(options),
        console_(make_console()),
        log_(make_log(common, console_)),
        registry_(load_registry(common, log_)),
        planner_(registry_, diagnostics_) {
    identity_.command_line = arguments;
    identity_.started = std::chrono::system_clock::now();
  }

  int execute() {
    identity_.description_file = find_description(options_.file);
    const Descriptor descriptor =
        read_descriptor(identity_.description_file, options_.overrides, diagnostics_);
    Plan plan = planner_.build(descriptor);
    diagnostics_.throw_if_errors();
    for (const Diagnostic& remark : diagnostics_.sorted()) log_.warning(remark.text());
    record_file_ = !options_.record.empty()     ? options_.record
                   : !descriptor.record.empty() ? descriptor.record
                                                : "run.json";
    services_ = make_services(options_, log_);
    services_->stop = &stop_asked;
    identity_.id = services_->run_id;
    if (options_.dry_run) {
      planner_.plan_ready(plan, {}, make_context(services_));
      planner_.check_products(plan);
      print(plan.text(services_->memory, services_->threads));
      return 0;
    }
    return run_and_record(plan);
  }

 private:
  int run_and_record(Plan& plan) {
    RunEnd end;
    std::optional<Error> failure;
    try {
      PipelineContext ctx = make_context(services_);
      planner_.plan_ready(plan, {}, ctx);
      Executor(planner_, console_).run(plan, ctx);
    } catch (const Error& error) {
      failure = error;
    } catch (const std::exception& problem) {
      failure = Error(ErrorKind::failed, problem.what());
    }
    if (failure) {
      end.exit_code = static_cast<int>(failure->kind());
      end.error = failure->what();
    }
    try {
      write_run_record(record_file_, identity_, end, &plan, *services_);
    } catch (const Error& unrecorded) {
      if (!failure) throw;
      log_.warning(unrecorded.what());
    }
    if (failure) throw *failure;
    report();
    return 0;
  }

  void report() {
    const double seconds = std::chrono::duration<double>(std::chrono::system_clock::now() -
                                                         identity_.started)
                               .count();
    const RunNotes& notes = services_->notes;
    std::string text = notes.degradations.empty() ? "done" : "done, degraded";
    text += " in " + format_quantity(seconds, "s") + ", peak memory " +
            format_quantity(static_cast<double>(peak_resident_bytes()), "B") + "\n";
    for (const std::string& reason : notes.degradations) text += "  degraded: " + reason + "\n";
    for (const std::string& path : notes.outputs) {
      text += "  " + path + " (" +
              format_quantity(static_cast<double>(bytes_on_disk(path)), "B") + ")\n";
    }
    print(text + "  " + record_file_ + "\n");
  }

  const RunOptions& options_;
  std::shared_ptr<Console> console_;
  Log log_;
  Diagnostics diagnostics_;
  Registry registry_;
  Planner planner_;
  RunIdentity identity_;
  std::string record_file_;
  std::shared_ptr<PipelineContext::Services> services_;
};

}  // namespace

Command add_run(CLI::App& app, const Common& common, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<RunOptions>();
  add_description_options(app, *options);
  app.add_flag("--dry-run", options->dry_run, "Check everything and show the plan; write nothing");
  app.add_option("--record", options->record,
                 "Where the run's record goes; default: what the description says, or run.json")
      ->type_name("FILE");
  return [options, &common, &arguments] {
    watch_signals();
    return Run(common, *options, arguments).execute();
  };
}

}  // namespace skymill::cli
