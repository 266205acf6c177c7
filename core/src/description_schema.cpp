// SPDX-License-Identifier: GPL-3.0-or-later
#include "description_schema.h"

#include <core/work_item.h>

#include "field_schema.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPlainName = "^[A-Za-z_][A-Za-z0-9_-]*$";

Json described(std::string words, Json schema) {
  Json all{{"description", std::move(words)}};
  all.update(schema);
  return all;
}

Json map_of(Json properties, std::vector<std::string> required = {}) {
  Json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Json reference(const std::string& name) { return {{"$ref", "#/definitions/" + name}}; }

Json one_of_texts(std::vector<std::string> texts) {
  return {{"anyOf", {{{"enum", std::move(texts)}}, substitution_schema()}}};
}

Json list_or_one(const Json& item) {
  return {{"anyOf", {item, {{"type", "array"}, {"items", item}}}}};
}

Json switch_schema() {
  return {{"anyOf", {{{"enum", {true, false, "true", "false"}}}, substitution_schema()}}};
}

/// The keys that every stage has, of whatever type.
Json common_keys() {
  Json keys;
  keys["when"] = described("false leaves the stage out.", switch_schema());
  keys["after"] =
      described("Stages above that must be finished first.", list_or_one({{"type", "string"}}));
  return keys;
}

/// Their units of work can be tried again and left out.
Json failure_keys() {
  Json keys;
  keys["retry"] = described(
      "How often a unit of work that fails is tried again.",
      {{"anyOf",
        {{{"type", "integer"}, {"minimum", 0}, {"maximum", 100}}, substitution_schema()}}});
  keys["retry_on"] = described("Failures that are tried again.",
                               list_or_one(one_of_texts({"failed", "resources", "input"})));
  keys["timeout"] = described("Most time of one attempt, such as 10min.", quantity_schema("s"));
  keys["on_failure"] = described("continue: the others go on, and the verdict is partial.",
                                 one_of_texts({"stop", "continue"}));
  return keys;
}

Json link_schema(const Ports::Port& port) {
  std::string words = "Link to a stage above that gives " + port.need.kind.text() + ".";
  if (!port.doc.empty()) words += " " + port.doc;
  return described(words, {{"type", "string"}});
}

bool gives_items(const StageType& type) {
  return type.shape == Shape::source && !type.ports.outputs().empty() &&
         type.ports.outputs().front().need.kind == WorkItem::kDataKind;
}

/// Adds parameters and links of a stage type to the keys, and says which must be there.
std::vector<std::string> add_own_keys(const StageType& type, Json& keys) {
  std::vector<std::string> required;
  for (const FieldInfo& field : type.schema->fields()) {
    keys[field.name] = field_schema(field);
    if (field.required) required.push_back(field.name);
  }
  if (type.ports.input()) keys["in"] = link_schema(*type.ports.input());
  for (const Ports::Port& side : type.ports.sides()) {
    keys[side.name] = link_schema(side);
    if (!side.optional) required.push_back(side.name);
  }
  return required;
}

Json stage_schema(const StageType& type) {
  Json keys;
  keys["use"] =
      described("The type of the stage; its own name unless given.", {{"type", "string"}});
  const std::vector<std::string> required = add_own_keys(type, keys);
  keys.update(common_keys());
  if (type.shape == Shape::reduce || type.shape == Shape::task) keys.update(failure_keys());
  Json schema = described(type.schema->summary(), map_of(keys, required));
  // A stage without settings may be written as a bare key.
  if (required.empty()) schema["type"] = {"object", "null"};
  return schema;
}

Json source_schema(const StageType& type) {
  Json keys;
  keys["use"] = described("The source of the items.", {{"const", type.name}});
  std::vector<std::string> required = add_own_keys(type, keys);
  required.insert(required.begin(), "use");
  const Json text{{"type", {"string", "number", "boolean"}}};
  keys["record"] = described("Where the record of the batch goes.", text);
  keys["product"] = described("What an item makes; $(each.name) is the item's name.", text);
  keys["skip_existing"] = described("Leave out items whose product exists.", switch_schema());
  keys["poll"] = described("A watch looks so often for new items.", quantity_schema("s"));
  return described(type.schema->summary(), map_of(keys, required));
}

/// A map in which `use` decides what the other keys are.
Json chosen_by_use(const std::vector<std::string>& names, const std::string& prefix) {
  Json schema{{"type", "object"}};
  schema["required"] = {"use"};
  if (names.empty()) return schema;
  schema["properties"]["use"] = one_of_texts(names);
  schema["allOf"] = Json::array();
  for (const std::string& name : names) {
    Json chosen;
    chosen["if"] = {{"required", {"use"}}, {"properties", {{"use", {{"const", name}}}}}};
    chosen["then"] = reference(prefix + name);
    schema["allOf"].push_back(chosen);
  }
  return schema;
}

Json parameters_schema() {
  const Json scalar{{"type", {"string", "number", "boolean"}}};
  const Json value{{"anyOf", {scalar, {{"type", "array"}, {"items", scalar}}}}};
  Json declared = map_of({{"default", described("Its value unless --param gives one.", value)},
                          {"doc", described("What it is.", scalar)},
                          {"required", {{"enum", {true, false, "true", "false"}}}}});
  declared["anyOf"] = {
      {{"required", {"default"}},
       {"not",
        {{"required", {"required"}}, {"properties", {{"required", {{"enum", {true, "true"}}}}}}}}},
      {{"required", {"required"}},
       {"not", {{"required", {"default"}}}},
       {"properties", {{"required", {{"enum", {true, "true"}}}}}}}};
  Json schema{{"type", {"object", "null"}}};
  schema["propertyNames"] = {{"pattern", kPlainName}};
  schema["additionalProperties"] = {{"anyOf", {scalar, value["anyOf"][1], declared}}};
  return schema;
}

Json require_schema() {
  const Json side{{"type", "string"}, {"pattern", "\\.|\\$\\("}};
  Json sides{{"type", "array"}, {"items", side}, {"minItems", 2}, {"maxItems", 2}};
  Json item = map_of({{"equal", sides},
                      {"at_least", sides},
                      {"at_most", sides},
                      {"message", described("What is said when it does not hold.",
                                            {{"type", {"string", "number", "boolean"}}})}});
  item["oneOf"] = {
      {{"required", {"equal"}}}, {{"required", {"at_least"}}}, {{"required", {"at_most"}}}};
  return {{"type", "array"}, {"items", item}};
}

}  // namespace

std::string description_schema(const Registry& registry) {
  std::vector<std::string> names, sources;
  Json definitions, by_name;
  for (const auto& [name, type] : registry.types()) {
    names.push_back(name);
    definitions["stage_" + name] = stage_schema(type);
    // Under the name of a type stands a stage of that type, unless 'use' says it is of another.
    by_name[name] = {{"if", {{"type", "object"}, {"required", {"use"}}}},
                     {"then", reference("stage")},
                     {"else", reference("stage_" + name)}};
    if (!gives_items(type)) continue;
    sources.push_back(name);
    definitions["items_" + name] = source_schema(type);
  }
  definitions["stage"] = chosen_by_use(names, "stage_");
  definitions["items"] = chosen_by_use(sources, "items_");

  Json stages{{"type", "object"}, {"minProperties", 1}, {"properties", by_name}};
  stages["propertyNames"] = {{"pattern", kPlainName}};
  stages["additionalProperties"] = reference("stage");
  const Json text{{"type", {"string", "number", "boolean"}}};
  Json keys;
  keys["skymill"] = described("Version of the format; the first line.", {{"enum", {1, "1"}}});
  keys["description"] = described("What the pipeline does, in a sentence.", text);
  keys["parameters"] =
      described("Values for --param; $(name) stands for one.", parameters_schema());
  keys["record"] = described("Where the record of a run goes.", text);
  keys["page"] = described("Where the page of a run goes.", text);
  keys["each"] = described("Makes a batch: the stages run once for every item of this source.",
                           reference("items"));
  keys["stages"] = described("Each reads the one above it, unless 'in' names another.", stages);
  keys["require"] = described("Comparisons between parameters of stages.", require_schema());

  Json schema;
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = "Skymill pipeline description";
  schema.update(map_of(keys, {"skymill", "stages"}));
  schema["definitions"] = definitions;
  return schema.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skymill
