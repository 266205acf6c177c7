// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli.h"
#include "page_text.h"
#include "parse_fault.h"

namespace fs = std::filesystem;

namespace skymill::cli {

namespace {

using Json = nlohmann::ordered_json;

/// A shipped description: its name and what stands in its file.
struct Shipped {
  std::string name;
  Descriptor descriptor;
};

/// Reads a description for what it declares; parameters that nobody gives are no mistake here.
Shipped read_shipped(const std::string& file) {
  Diagnostics ignored;
  return {fs::path(file).stem().string(), read_descriptor(file, {}, ignored)};
}

std::vector<Shipped> all_shipped() {
  std::vector<Shipped> all;
  for (const std::string& file : shipped_files()) all.push_back(read_shipped(file));
  return all;
}

std::string default_text(const ParameterEntry& parameter) {
  if (parameter.required) return "required";
  const std::string text = parameter.default_value ? parameter.default_value->display() : "";
  return text.empty() ? "empty" : text;
}

std::string page_text(const Shipped& shipped) {
  std::string text = shipped.name + "\n" + wrapped(shipped.descriptor.description, "    ");
  std::size_t longest = 0;
  for (const ParameterEntry& parameter : shipped.descriptor.parameters)
    longest = std::max(longest, parameter.name.size());
  const std::string indent(longest + 6, ' ');
  if (!shipped.descriptor.parameters.empty()) text += "\nPARAMETERS\n";
  for (const ParameterEntry& parameter : shipped.descriptor.parameters) {
    const std::string is = parameter.required ? "required" : "default " + default_text(parameter);
    std::string entry = wrapped(is, indent) + wrapped(parameter.doc, indent);
    entry.replace(4, parameter.name.size(), parameter.name);
    text += entry;
  }
  text += "\nSTAGES\n";
  std::string stages;
  for (const StageEntry& stage : shipped.descriptor.stages)
    stages += stage.name + (stage.name == stage.use ? " " : " (" + stage.use + ") ");
  return text + wrapped(stages, "    ") + "\nFILE\n    " + shipped.descriptor.file + "\n";
}

std::string page_markdown(const Shipped& shipped) {
  std::string text =
      "## " + shipped.name + "\n\n" + markdown_words(shipped.descriptor.description) + ".\n";
  if (!shipped.descriptor.parameters.empty())
    text += "\n| Parameter | Default | Meaning |\n|---|---|---|\n";
  for (const ParameterEntry& parameter : shipped.descriptor.parameters) {
    const std::string value = default_text(parameter);
    const bool is_word = parameter.required || value == "empty";
    text += "| `" + parameter.name + "` | " + (is_word ? value : "`" + table_cell(value) + "`") +
            " | " + words_cell(parameter.doc) + " |\n";
  }
  return text;
}

std::string names_text(const Shipped& shipped) {
  std::string text;
  for (const ParameterEntry& parameter : shipped.descriptor.parameters)
    text += parameter.name + "\n";
  return text;
}

Json page_json(const Shipped& shipped) {
  Json json;
  json["name"] = shipped.name;
  json["description"] = shipped.descriptor.description;
  json["file"] = shipped.descriptor.file;
  json["parameters"] = Json::array();
  for (const ParameterEntry& parameter : shipped.descriptor.parameters) {
    Json entry{{"name", parameter.name}, {"doc", parameter.doc}, {"required", parameter.required}};
    if (parameter.default_value) {
      if (parameter.default_value->is_list()) {
        entry["default"] = Json::array();
        for (const ScalarText& item : parameter.default_value->items)
          entry["default"].push_back(item.text);
      } else {
        entry["default"] = parameter.default_value->text;
      }
    }
    json["parameters"].push_back(entry);
  }
  return json;
}

std::string list_text(const std::vector<Shipped>& all) {
  std::size_t width = 0;
  for (const Shipped& shipped : all) width = std::max(width, shipped.name.size());
  std::string text;
  for (const Shipped& shipped : all) {
    std::string entry = wrapped(shipped.descriptor.description, std::string(width + 2, ' '));
    text += entry.replace(0, shipped.name.size(), shipped.name);
  }
  return text + "\n'skymill pipelines NAME' shows parameters; 'skymill run NAME' runs one.\n";
}

std::string everything(const std::vector<Shipped>& all, const std::string& format) {
  if (format == "text") return list_text(all);
  std::string text;
  Json json = Json::array();
  for (const Shipped& shipped : all) {
    if (format == "json") json.push_back(page_json(shipped));
    if (format == "names") text += shipped.name + "\n";
    if (format == "markdown") text += (text.empty() ? "" : "\n") + page_markdown(shipped);
  }
  return format == "json" ? json.dump(2) + "\n" : text;
}

std::string one(const Shipped& shipped, const std::string& format) {
  if (format == "json") return page_json(shipped).dump(2) + "\n";
  if (format == "names") return names_text(shipped);
  return format == "markdown" ? page_markdown(shipped) : page_text(shipped);
}

}  // namespace

Command add_pipelines(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("text");
  app.add_option("description", *name,
                 "A description, whose parameters are shown; without it those that ship with "
                 "skymill are listed")
      ->type_name("FILE|NAME");
  app.add_option("--format", *format, "How to write it; names: only of what there is")
      ->check(one_of({"text", "markdown", "json", "names"}))
      ->capture_default_str();
  app.footer("Example: skymill pipelines cube");
  return [name, format] {
    print(name->empty() ? everything(all_shipped(), *format)
                        : one(read_shipped(find_description(*name)), *format));
    return 0;
  };
}

}  // namespace skymill::cli
