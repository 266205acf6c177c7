// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <map>

#include "cli.h"
#include "command_line.h"
#include "help_text.h"
#include "parse_fault.h"

namespace {

constexpr const char* kAbout =
    "Skymill turns radio-interferometer visibilities into image cubes.\n"
    "A pipeline description (YAML) names the stages; 'skymill describe' lists them.\n";

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 a unit of work failed, 2 the description or the command line is wrong,\n"
    "3 not enough memory or disk space, 4 a plugin was refused, 5 an input is missing or invalid,\n"
    "75 stopped on request: run again.\n\n"
    "Example: skymill run cube --param input=my.ms --param output=out/my\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace skymill;
  // Chunks are made by one thread and freed by another. In an arena for each thread their memory
  // would pile up, the more the longer a run is.
  mallopt(M_ARENA_MAX, 1);
  // What goes beyond a limit of file sizes is then an error of that write, not the program's end.
  std::signal(SIGXFSZ, SIG_IGN);
  const std::vector<std::string> arguments(argv, argv + argc);
  CLI::App app(kAbout, "skymill");
  app.formatter(std::make_shared<cli::HelpText>());
  app.set_version_flag("--version", "skymill " SKYMILL_VERSION " (plugins: " SKYMILL_ABI_TAG ")");
  app.require_subcommand(1);
  app.fallthrough();

  cli::Common common;
  app.add_option("--plugin", common.plugins, "Load this plugin file as well")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  app.add_option("--log-level", common.log_level, "How much to say")
      ->check(cli::one_of({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-file", common.log_file, "Write the log to this file too")
      ->type_name("FILE");

  std::map<CLI::App*, cli::Command> commands;
  const auto add = [&](const char* name, const char* doc, auto make) {
    CLI::App* sub = app.add_subcommand(name, doc);
    commands[sub] = make(*sub);
  };
  add("run", "Run a pipeline description",
      [&](CLI::App& sub) { return cli::add_run(sub, common, arguments); });
  add("watch", "Run a batch description for items as they come, such as groups of new files",
      [&](CLI::App& sub) { return cli::add_watch(sub, common, arguments); });
  add("check", "Check a description and its parameters; opens no data",
      [&](CLI::App& sub) { return cli::add_check(sub, common); });
  add("explain", "Show what a run would do: passes, chunks, memory, products",
      [&](CLI::App& sub) { return cli::add_explain(sub, common); });
  add("describe", "Show all stages, or the parameters and ports of one",
      [&](CLI::App& sub) { return cli::add_describe(sub, common); });
  add("pipelines", "Show the descriptions that ship with skymill, or the parameters of one",
      [](CLI::App& sub) { return cli::add_pipelines(sub); });
  add("schema", "Write a JSON Schema of descriptions, by which editors complete and check",
      [&](CLI::App& sub) { return cli::add_schema(sub, common); });
  add("plugins", "Show every plugin file that was looked at, and why it was or was not taken",
      [&](CLI::App& sub) { return cli::add_plugins(sub, common); });
  add("diff", "Compare two products: pixels, masks, beams, coordinates, units, history",
      [&](CLI::App& sub) { return cli::add_diff(sub, common); });
  add("inspect", "Show how a file is laid out, and how it would be read",
      [&](CLI::App& sub) { return cli::add_inspect(sub, common); });
  add("new-plugin", "Write the skeleton of a plugin that builds, is tested and runs",
      [&](CLI::App& sub) { return cli::add_new_plugin(sub, common); });
  add("page", "Make an HTML page of a run from its record",
      [](CLI::App& sub) { return cli::add_page(sub); });
  add("tiers", "Show this machine's storage tiers: capacity, leases, what is free",
      [](CLI::App& sub) { return cli::add_tiers(sub); });
  add("clean", "Remove what crashed runs have left on the tiers, and unfinished products",
      [](CLI::App& sub) { return cli::add_clean(sub); });
  add("manual", "Write the manual page of a command",
      [](CLI::App& sub) { return cli::add_manual(sub); });
  add("completion", "Write the script by which a shell completes commands, options and names",
      [](CLI::App& sub) { return cli::add_completion(sub); });
  app.footer(kExitCodes);  // now, so that commands do not take it for theirs

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& wanted) {
    return app.exit(wanted);
  } catch (const CLI::CallForAllHelp& wanted) {
    return app.exit(wanted);
  } catch (const CLI::CallForVersion& wanted) {
    return app.exit(wanted);
  } catch (const CLI::ParseError& problem) {
    std::fputs(cli::parse_fault(app, problem).c_str(), stderr);
    return static_cast<int>(ErrorKind::description);
  }
  try {
    return commands.at(app.get_subcommands().front())();
  } catch (const Error& error) {
    const std::string text = error.what();
    // A list of located diagnostics says "error:" in every line already.
    const bool located = text.find(": error: ") != std::string::npos;
    std::fprintf(stderr, located ? "%s\n" : "skymill: error: %s\n", text.c_str());
    return static_cast<int>(error.kind());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "skymill: error: %s\n", problem.what());
    return static_cast<int>(ErrorKind::failed);
  }
}
