// SPDX-License-Identifier: GPL-3.0-or-later
#include "describe_stage.h"

#include <core/error.h>

#include <algorithm>

#include "cli.h"
#include "page_text.h"
#include "parse_fault.h"

namespace skymill::cli {

namespace {

struct DescribeOptions {
  std::string stage;
  std::string format = "text";
  bool all = false;
};

std::string list_text(const Registry& registry) {
  std::size_t width = 0;
  for (const auto& [name, type] : registry.types()) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, type] : registry.types()) {
    const std::string shape(shape_name(type.shape));
    std::string entry = wrapped(type.schema->summary(), std::string(width + 13, ' '));
    text += entry.replace(0, name.size(), name).replace(width + 2, shape.size(), shape);
  }
  return text + "\n'skymill describe STAGE' shows parameters and ports.\n";
}

std::string list_markdown(const Registry& registry) {
  std::string text = "| Stage | Shape | Plugin | What it does |\n|---|---|---|---|\n";
  for (const auto& [name, type] : registry.types())
    text += "| `" + name + "` | " + std::string(shape_name(type.shape)) + " | `" + plugin_of(type) +
            "` | " + words_cell(type.schema->summary()) + " |\n";
  return text;
}

std::string names_text(const Registry& registry) {
  std::string text;
  for (const auto& [name, type] : registry.types()) text += name + "\n";
  return text;
}

const StageType& stage_type(const Registry& registry, const std::string& stage) {
  if (const StageType* type = registry.find(stage)) return *type;
  std::vector<std::string> names;
  for (const auto& [name, known] : registry.types()) names.push_back(name);
  throw Error(ErrorKind::description, "there is no stage '" + stage + "'",
              did_you_mean(stage, names));
}

std::string page(const StageType& type, const std::string& format) {
  if (format == "markdown") return stage_markdown(type);
  return format == "names" ? type.name + "\n" : stage_text(type);
}

std::string all_pages(const Registry& registry, const std::string& format) {
  std::string text;
  for (const auto& [name, type] : registry.types())
    text += (text.empty() ? "" : "\n") + page(type, format);
  return text;
}

std::string all_json(const Registry& registry) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const auto& [name, type] : registry.types()) all.push_back(stage_json(type));
  return all.dump(2) + "\n";
}

}  // namespace

Command add_describe(CLI::App& app, const Common& common) {
  auto options = std::make_shared<DescribeOptions>();
  app.add_option("stage", options->stage, "Stage type; without it all are listed")
      ->type_name("STAGE");
  app.add_flag("--all", options->all, "Show all there is of every stage, not a list");
  app.add_option("--format", options->format, "How to write it")
      ->check(one_of({"text", "markdown", "json", "names"}))
      ->capture_default_str();
  app.footer("As JSON, a list has all there is of every stage too.");
  return [options, &common] {
    const Registry registry = load_registry(common, make_log(common, make_console()));
    const std::string& format = options->format;
    if (!options->stage.empty()) {
      const StageType& type = stage_type(registry, options->stage);
      print(format == "json" ? stage_json(type).dump(2) + "\n" : page(type, format));
    } else if (format == "json") {
      print(all_json(registry));
    } else if (format == "names") {
      print(names_text(registry));
    } else if (options->all) {
      print(all_pages(registry, format));
    } else {
      print(format == "markdown" ? list_markdown(registry) : list_text(registry));
    }
    return 0;
  };
}

}  // namespace skymill::cli
