// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

#include <algorithm>

#include "cli.h"

namespace skymill::cli {

namespace {

std::string port_line(const std::string& what, const Ports::Port& port) {
  std::string line = "  " + what + " " + port.name + ": " + port.need.kind.text();
  if (port.optional) line += ", optional";
  if (!port.doc.empty()) line += " - " + port.doc;
  return line + "\n";
}

std::string ports_text(const Ports& ports) {
  std::string text = "Ports\n";
  if (ports.input()) text += port_line("reads", *ports.input());
  for (const auto& side : ports.sides()) text += port_line("needs", side);
  for (const auto& output : ports.outputs()) text += port_line("gives", output);
  return text == "Ports\n" ? "" : text;
}

std::string list_text(const Registry& registry) {
  std::size_t width = 0;
  for (const auto& [name, type] : registry.types()) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, type] : registry.types()) {
    const std::string shape(shape_name(type.shape));
    text += name + std::string(width + 2 - name.size(), ' ') + shape +
            std::string(11 - shape.size(), ' ') + type.schema->summary() + "\n";
  }
  return text + "\n'skymill describe STAGE' shows parameters and ports.\n";
}

}  // namespace

Command add_describe(CLI::App& app, const Common& common) {
  auto stage = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("text");
  app.add_option("stage", *stage, "Stage type; without it all are listed")->type_name("STAGE");
  app.add_option("--format", *format, "How to write it")
      ->check(CLI::IsMember({"text", "markdown", "json"}))
      ->capture_default_str();
  return [stage, format, &common] {
    const Registry registry = load_registry(common, make_log(common, make_console()));
    if (stage->empty()) {
      print(list_text(registry));
      return 0;
    }
    const StageType* type = registry.find(*stage);
    if (!type) {
      std::vector<std::string> names;
      for (const auto& [name, known] : registry.types()) names.push_back(name);
      throw Error(ErrorKind::description, "there is no stage '" + *stage + "'",
                  did_you_mean(*stage, names));
    }
    if (*format == "json") {
      print(describe_json(*type->schema, type->name) + "\n");
    } else if (*format == "markdown") {
      print(describe_markdown(*type->schema, type->name) + "\n" + ports_text(type->ports));
    } else {
      print(describe_text(*type->schema, type->name) + "\n" + ports_text(type->ports));
      print("From " + (type->library.empty() ? "skymill itself" : type->library) + "\n");
    }
    return 0;
  };
}

}  // namespace skymill::cli
