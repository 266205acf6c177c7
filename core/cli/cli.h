// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/log.h>
#include <core/plugin.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "console.h"
#include "context_state.h"
#include "descriptor.h"
#include "log_listener.h"

namespace skymill::cli {

/// Options that every sub-command knows.
struct Common {
  std::vector<std::string> plugins;
  std::string log_level = "info";
  std::string log_file;
};

/// Options of the sub-commands that read a description.
struct DescriptionOptions {
  std::string file;
  Overrides overrides;
  std::string memory;
  int threads = 0;
};

/// A sub-command: declares its options on `app` and gives what to do; that returns the exit code.
using Command = std::function<int()>;

Command add_run(CLI::App& app, const Common& common, const std::vector<std::string>& arguments);
Command add_watch(CLI::App& app, const Common& common, const std::vector<std::string>& arguments);
Command add_check(CLI::App& app, const Common& common);
Command add_explain(CLI::App& app, const Common& common);
Command add_describe(CLI::App& app, const Common& common);
Command add_schema(CLI::App& app, const Common& common);
Command add_pipelines(CLI::App& app);
Command add_plugins(CLI::App& app, const Common& common);
Command add_diff(CLI::App& app, const Common& common);
Command add_tiers(CLI::App& app);
Command add_clean(CLI::App& app);
Command add_inspect(CLI::App& app, const Common& common);
Command add_page(CLI::App& app);
Command add_new_plugin(CLI::App& app, const Common& common);

void add_description_options(CLI::App& app, DescriptionOptions& options);

/// The console and log that the common options ask for.
std::shared_ptr<Console> make_console();
Log make_log(const Common& common, std::shared_ptr<Console> console,
             std::shared_ptr<LogListener> listener = nullptr);

/// The stage types of all plugins; a refused plugin of a searched folder is a warning.
Registry load_registry(const Common& common, const Log& log);

/// The folders of the descriptions that ship with us.
std::vector<std::string> shipped_folders();

/// These descriptions, sorted.
std::vector<std::string> shipped_files();

/// The file that the user means: a path, or the name of a description that ships with us.
/// @throws Error (description) naming what was looked for
std::string find_description(const std::string& name);

/// What `--memory` says, in bytes; nothing where it says nothing.
/// @throws Error (description) when it is not a size
std::optional<std::size_t> asked_memory(const DescriptionOptions& options);

/// The services of a run on this machine.
std::shared_ptr<PipelineContext::Services> make_services(const DescriptionOptions& options,
                                                         const Log& log);

void print(const std::string& text);

}  // namespace skymill::cli
