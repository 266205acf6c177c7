// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/params.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "field_schema.h"
#include "page_text.h"
#include "words.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

/// The fields in the order of pages: advanced ones after the others, deprecated ones last.
std::vector<const FieldInfo*> page_order(const SchemaBase& schema) {
  std::vector<const FieldInfo*> fields;
  for (const FieldInfo& field : schema.fields()) fields.push_back(&field);
  const auto rank = [](const FieldInfo* field) {
    return field->deprecated() ? 2 : field->advanced ? 1 : 0;
  };
  std::stable_sort(fields.begin(), fields.end(),
                   [&](const FieldInfo* a, const FieldInfo* b) { return rank(a) < rank(b); });
  return fields;
}

std::string limits_text(const FieldInfo& field) {
  return field.choices.empty() ? field.range_text() : "one of: " + joined(field.choices);
}

}  // namespace

std::string describe_text(const SchemaBase& schema, const std::string& name) {
  std::string page = name + "\n" + wrapped(schema.summary(), "    ");
  const auto fields = page_order(schema);
  std::size_t longest = 0;
  for (const FieldInfo* field : fields) longest = std::max(longest, field->name.size());
  const std::string indent(longest + 6, ' ');
  if (!fields.empty()) page += "\nPARAMETERS\n";
  for (const FieldInfo* field : fields) {
    std::string facts = field->type_name();
    if (const std::string limits = limits_text(*field); !limits.empty()) facts += "; " + limits;
    facts += field->required ? "; required" : "; default " + field->default_text();
    // The name takes the place of the first line's indent.
    std::string entry = wrapped(facts, indent) + wrapped(full_doc(*field), indent);
    entry.replace(4, field->name.size(), field->name);
    page += entry;
  }
  if (!schema.rules().empty()) page += "\nRULES\n";
  for (const std::string& rule : schema.rules()) page += wrapped(rule, "    ");
  if (!schema.examples().empty()) page += "\nEXAMPLES\n";
  for (const SchemaBase::Example& example : schema.examples()) {
    page += indented(example.text, "    ");
    if (!example.words.empty()) page += wrapped(example.words, "        ");
  }
  return page;
}

std::string describe_markdown(const SchemaBase& schema, const std::string& name) {
  std::string page = "## " + name + "\n\n" + markdown_words(schema.summary()) + "\n";
  const auto fields = page_order(schema);
  if (!fields.empty())
    page +=
        "\n| Parameter | Type | Default | Range or choices | Meaning |\n"
        "|---|---|---|---|---|\n";
  for (const FieldInfo* field : fields)
    page += "| `" + field->name + "` | " + table_cell(field->type_name()) + " | " +
            (field->required ? "required" : "`" + table_cell(field->default_text()) + "`") + " | " +
            words_cell(limits_text(*field)) + " | " + words_cell(full_doc(*field)) + " |\n";
  if (!schema.rules().empty()) page += "\nRules:\n\n";
  for (const std::string& rule : schema.rules()) page += "- " + markdown_words(rule) + "\n";
  for (const SchemaBase::Example& example : schema.examples()) {
    page += "\n";
    if (!example.words.empty()) page += markdown_words(example.words) + "\n\n";
    page += "```yaml\n" + indented(example.text, "") + "```\n";
  }
  return page;
}

std::string describe_json(const SchemaBase& schema, const std::string& name) {
  Json fragment;
  fragment["$schema"] = "http://json-schema.org/draft-07/schema#";
  fragment["title"] = name;
  fragment["description"] = schema.summary();
  fragment["type"] = "object";
  fragment["properties"] = Json::object();
  Json required = Json::array();
  for (const FieldInfo& field : schema.fields()) {
    fragment["properties"][field.name] = field_schema(field);
    if (field.required) required.push_back(field.name);
  }
  if (!required.empty()) fragment["required"] = required;
  fragment["additionalProperties"] = false;
  return fragment.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace skymill
