// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "cli.h"
#include "machine.h"
#include "plugin_loader.h"

namespace fs = std::filesystem;

namespace skymill::cli {

namespace {

constexpr std::size_t kLibrariesAtWork = std::size_t{64} << 20;
constexpr std::size_t kStep = std::size_t{32} << 20;

}  // namespace

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void add_description_options(CLI::App& app, DescriptionOptions& options) {
  app.add_option("description", options.file,
                 "Pipeline description: a YAML file, or the name of one that ships with skymill")
      ->required()
      ->type_name("FILE|NAME");
  app.add_option("--param", options.overrides.params,
                 "Give a parameter of the description, such as size=512")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->take_all();
  app.add_option("--set", options.overrides.sets,
                 "Give a parameter of one stage, such as image.niter=500")
      ->type_name("STAGE.KEY=VALUE")
      ->expected(1)
      ->take_all();
  app.add_option("--memory", options.memory,
                 "Most memory to use, such as 4GiB; default: 80 % of what is free, or less where "
                 "the machine grants less")
      ->type_name("SIZE");
  app.add_option("--threads", options.threads, "Worker threads; default: all cores")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
}

std::shared_ptr<Console> make_console() {
  return std::make_shared<Console>(::isatty(STDERR_FILENO) == 1);
}

Log make_log(const Common& common, std::shared_ptr<Console> console,
             std::shared_ptr<LogListener> listener) {
  LogLevel level = LogLevel::info;
  if (common.log_level == "debug") level = LogLevel::debug;
  if (common.log_level == "warning") level = LogLevel::warning;
  if (common.log_level == "error") level = LogLevel::error;
  if (common.log_level == "off") level = LogLevel::off;
  return skymill::make_log(std::move(console), level, common.log_file, std::move(listener));
}

Registry load_registry(const Common& common, const Log& log) {
  Registry registry;
  for (const PluginFile& file : load_plugins(common.plugins, registry)) {
    if (!file.loaded) log.warning(file.reason);
  }
  return registry;
}

std::vector<std::string> shipped_folders() {
  // The prefix is three folders up from lib/skymill/plugins, four from
  // lib/<machine>/skymill/plugins.
  std::vector<std::string> folders;
  for (const char* up : {"../../..", "../../../.."}) {
    const fs::path folder = fs::path(installed_plugin_folder()) / up / "share/skymill/pipelines";
    std::error_code none;
    const fs::path found = fs::canonical(folder, none);
    if (!found.empty()) folders.push_back(found.string());
  }
  return folders;
}

std::vector<std::string> shipped_files() {
  std::set<std::string> files;
  for (const std::string& folder : shipped_folders()) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none))
      if (entry.path().extension() == ".yaml") files.insert(entry.path().string());
  }
  return {files.begin(), files.end()};
}

std::string find_description(const std::string& name) {
  if (fs::is_regular_file(name)) return name;
  if (name.find('/') == std::string::npos) {
    for (const std::string& folder : shipped_folders()) {
      const fs::path shipped = fs::path(folder) / (name + ".yaml");
      if (fs::is_regular_file(shipped)) return fs::canonical(shipped).string();
    }
  }
  if (fs::is_directory(name)) {
    throw Error(ErrorKind::description, "'" + name + "' is a folder",
                "give the path of a YAML file in it");
  }
  std::vector<std::string> names;
  for (const std::string& file : shipped_files()) names.push_back(fs::path(file).stem().string());
  const std::string meant = did_you_mean(name, names);
  throw Error(ErrorKind::description, "there is no description file '" + name + "'",
              meant.empty() ? "give the path of a YAML file, or the name of one that ships with "
                              "skymill, such as 'cube'"
                            : meant);
}

namespace {

/// What the program and its libraries hold besides what stages announce: what they have now, before
/// any work, and what libraries, threads and their allocations come to while they work.
std::size_t program_bytes() {
  // In steps, so that a budget that was named in one run is enough in the next.
  static const std::size_t steps = (peak_resident_bytes() + kLibrariesAtWork) / kStep + 1;
  return steps * kStep;
}

}  // namespace

std::optional<std::size_t> asked_memory(const DescriptionOptions& options) {
  if (options.memory.empty()) return std::nullopt;
  std::string fault = "it is not a size";
  try {
    const double bytes = parse_quantity(options.memory, "B");
    if (bytes >= 1) return static_cast<std::size_t>(bytes);
  } catch (const QuantityError& problem) {
    fault = problem.what();
  }
  throw Error(ErrorKind::description, "--memory " + options.memory + ": " + fault,
              "write a size such as 4GiB");
}

std::shared_ptr<PipelineContext::Services> make_services(const DescriptionOptions& options,
                                                         const Log& log) {
  const std::optional<std::size_t> memory = asked_memory(options);
  int threads = options.threads;
  if (threads == 0) {
    const char* slurm = std::getenv("SLURM_CPUS_PER_TASK");
    threads = slurm ? std::atoi(slurm) : 0;
  }
  if (threads <= 0) threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));

  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &utc);
  const char* scratch = std::getenv("TMPDIR");
  auto services = std::make_shared<PipelineContext::Services>(
      log, machine_budget(memory), threads, std::string(stamp) + "-" + std::to_string(::getpid()),
      scratch && *scratch ? scratch : "/tmp");
  services->program_bytes = program_bytes();
  services->program = services->memory.reserve(
      std::min(services->memory.total(), services->program_bytes), "the program itself");
  const Machine machine = this_machine();
  services->staging.set_tiers({machine.tiers.begin(), machine.tiers.end()});
  return services;
}

}  // namespace skymill::cli
