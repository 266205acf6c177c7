// SPDX-License-Identifier: GPL-3.0-or-later
#include "describe_stage.h"

#include <filesystem>

#include "field_schema.h"
#include "page_text.h"
#include "promise_words.h"
#include "words.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

std::string article_shape(Shape shape) { return "a " + std::string(shape_name(shape)); }

std::string requirement_text(const Requirement& requirement) {
  std::string text = requirement.property;
  std::vector<std::string> values;
  for (const PropertyValue& value : requirement.any_of) values.push_back(property_text(value));
  if (!values.empty()) text += " is " + joined(values);
  if (requirement.range.is_set())
    text += " from " + property_text(requirement.range.least) + " to " +
            property_text(requirement.range.most);
  if (!requirement.because.empty()) text += " (" + requirement.because + ")";
  return text;
}

/// What flows through a port, without its name and description.
std::string port_facts(const Ports::Port& port, bool gives) {
  std::string facts = port.need.kind.text();
  if (port.optional) facts += "; optional";
  if (!port.need.axes.empty()) facts += "; axes " + joined(port.need.axes);
  if (!port.need.columns.empty())
    facts += std::string(gives ? "; columns " : "; needs columns ") + joined(port.need.columns);
  for (const Requirement& requirement : port.need.requirements)
    facts += "; needs that " + requirement_text(requirement);
  return facts;
}

std::string port_text(const std::string& role, const Ports::Port& port, bool gives) {
  std::string text = wrapped(role + " " + port.name + ": " + port_facts(port, gives), "    ");
  if (!port.doc.empty()) text += wrapped(port.doc, "        ");
  return text;
}

std::string ports_text(const Ports& ports) {
  std::string text;
  if (ports.input()) text += port_text("reads", *ports.input(), false);
  for (const Ports::Port& side : ports.sides()) text += port_text("takes", side, false);
  for (const Ports::Port& output : ports.outputs()) text += port_text("gives", output, true);
  return text.empty() ? "" : "\nPORTS\n" + text;
}

std::string port_row(const std::string& role, const Ports::Port& port, bool gives) {
  return "| `" + port.name + "` | " + role + " | " + words_cell(port_facts(port, gives)) + " | " +
         words_cell(port.doc) + " |\n";
}

std::string ports_markdown(const Ports& ports) {
  std::string rows;
  if (ports.input()) rows += port_row("reads", *ports.input(), false);
  for (const Ports::Port& side : ports.sides()) rows += port_row("takes", side, false);
  for (const Ports::Port& output : ports.outputs()) rows += port_row("gives", output, true);
  return rows.empty() ? "" : "\n| Port | | Data | Meaning |\n|---|---|---|---|\n" + rows;
}

std::string promises_text(const StageType& type) {
  std::string text = "\nPROMISES\n";
  for (const std::string& promise : promise_words(type)) text += wrapped(promise, "    ");
  return text;
}

std::string promises_markdown(const StageType& type) {
  std::string text = "\nPromises:\n\n";
  for (const std::string& promise : promise_words(type))
    text += "- " + markdown_words(promise) + "\n";
  return text;
}

/// As declared, and the same in words.
Json promises_json(const StageType& type) {
  const Promises& promises = type.promises;
  return {{"chunk_tolerance", promises.chunk_tolerance},
          {"by_chunk", promises.by_chunk},
          {"heeds_flags", promises.heeds_flags},
          {"not_a_number",
           promises.not_a_number == NotANumber::is_refused ? "is_refused" : "stays_apart"},
          {"in_place", promises.in_place},
          {"words", promise_words(type)}};
}

Json values_json(const std::vector<ParamScalar>& values, FieldShape shape) {
  if (shape == FieldShape::list || shape == FieldShape::pair) {
    Json list = Json::array();
    for (const ParamScalar& value : values) list.push_back(scalar_json(value));
    return list;
  }
  return values.empty() ? Json() : scalar_json(values[0]);
}

Json field_json(const FieldInfo& field) {
  constexpr const char* kinds[] = {"boolean", "integer", "real", "text"};
  constexpr const char* shapes[] = {"one", "optional", "list", "pair"};
  Json json;
  json["name"] = field.name;
  json["doc"] = field.doc;
  json["kind"] = kinds[static_cast<int>(field.kind)];
  json["shape"] = shapes[static_cast<int>(field.shape)];
  json["type"] = field.type_name();
  if (!field.unit.empty()) json["unit"] = field.unit;
  json["required"] = field.required;
  if (!field.required) {
    json["default"] = values_json(field.default_value, field.shape);
    json["default_text"] = field.default_text();
  }
  if (field.min) json[field.min_excluded ? "more_than" : "min"] = *field.min;
  if (field.max) json["max"] = *field.max;
  if (!field.choices.empty()) json["choices"] = field.choices;
  json["tuning"] = field.tuning;
  json["advanced"] = field.advanced;
  if (field.deprecated())
    json["deprecated"] = {{"since", field.deprecated_since}, {"hint", field.deprecated_hint}};
  return json;
}

Json property_json(const PropertyValue& value) {
  return std::visit([](const auto& plain) { return Json(plain); }, value);
}

Json port_json(const Ports::Port& port) {
  Json json;
  json["name"] = port.name;
  json["kind"] = port.need.kind.text();
  json["doc"] = port.doc;
  json["optional"] = port.optional;
  json["axes"] = port.need.axes;
  json["columns"] = port.need.columns;
  json["properties"] = Json::array();
  for (const Requirement& requirement : port.need.requirements) {
    Json property{{"property", requirement.property}};
    for (const PropertyValue& value : requirement.any_of)
      property["any_of"].push_back(property_json(value));
    if (requirement.range.is_set())
      property["range"] = {requirement.range.least, requirement.range.most};
    property["because"] = requirement.because;
    property["hint"] = requirement.hint;
    json["properties"].push_back(property);
  }
  return json;
}

}  // namespace

std::string plugin_of(const StageType& type) {
  return type.library.empty() ? "skymill" : std::filesystem::path(type.library).stem().string();
}

std::string stage_text(const StageType& type) {
  std::string origin = article_shape(type.shape) + ", version " + std::to_string(type.version);
  origin += ", of " + (type.library.empty() ? "skymill itself" : type.library);
  return describe_text(*type.schema, type.name) + ports_text(type.ports) + promises_text(type) +
         "\nSTAGE\n" + wrapped(origin, "    ");
}

std::string stage_markdown(const StageType& type) {
  return describe_markdown(*type.schema, type.name) + ports_markdown(type.ports) +
         promises_markdown(type) + "\nIt is " + article_shape(type.shape) + " of the plugin `" +
         plugin_of(type) + "`, version " + std::to_string(type.version) + ".\n";
}

Json stage_json(const StageType& type) {
  Json json;
  json["name"] = type.name;
  json["summary"] = type.schema->summary();
  json["shape"] = shape_name(type.shape);
  json["version"] = type.version;
  json["plugin"] = plugin_of(type);
  json["library"] = type.library;
  json["parameters"] = Json::array();
  for (const FieldInfo& field : type.schema->fields())
    json["parameters"].push_back(field_json(field));
  json["rules"] = type.schema->rules();
  json["examples"] = Json::array();
  for (const SchemaBase::Example& example : type.schema->examples())
    json["examples"].push_back({{"text", example.text}, {"words", example.words}});
  Json& ports = json["ports"];
  ports["input"] = type.ports.input() ? port_json(*type.ports.input()) : Json();
  ports["sides"] = Json::array();
  for (const Ports::Port& side : type.ports.sides()) ports["sides"].push_back(port_json(side));
  ports["outputs"] = Json::array();
  for (const Ports::Port& output : type.ports.outputs())
    ports["outputs"].push_back(port_json(output));
  json["promises"] = promises_json(type);
  return json;
}

}  // namespace skymill
