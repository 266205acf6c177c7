// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/params.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "field_text.h"
#include "words.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLineWidth = 96;

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

std::string deprecation_words(const FieldInfo& field) {
  std::string words = "Deprecated";
  if (!field.deprecated_since.empty()) words += " since " + field.deprecated_since;
  if (!field.deprecated_hint.empty()) words += ": " + field.deprecated_hint;
  return words + ".";
}

/// The description with everything that the columns do not say.
std::string full_doc(const FieldInfo& field) {
  std::string doc = field.doc;
  if (!doc.empty() && doc.back() != '.') doc += ".";
  if (field.tuning) doc += " Has no influence on results.";
  if (field.deprecated()) doc += " " + deprecation_words(field);
  return doc;
}

std::string limits_text(const FieldInfo& field) {
  return field.choices.empty() ? field.range_text() : "one of: " + joined(field.choices);
}

/// Words of `text` in lines that begin with `indent` and fit the width.
std::string wrapped(const std::string& text, const std::string& indent) {
  std::string lines, line = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const bool is_first = line.size() == indent.size();
    if (!is_first && line.size() + 1 + word.size() > kLineWidth) {
      lines += line + "\n";
      line = indent;
    }
    line += (line.size() == indent.size() ? "" : " ") + word;
  }
  return lines + line + "\n";
}

std::string indented(const std::string& text, const std::string& indent) {
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) all += indent + line + "\n";
  return all;
}

/// Text for a cell of a table: no bars, no line breaks.
std::string cell(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

Json to_json(const ParamScalar& scalar) {
  return std::visit([](const auto& value) { return Json(value); }, scalar);
}

Json choice_json(const FieldInfo& field, const std::string& choice) {
  if (field.kind == FieldKind::text) return choice;
  FieldInfo unlimited = field;
  unlimited.choices.clear();
  unlimited.unit.clear();
  const auto outcome = read_scalar(unlimited, choice);
  const ParamScalar* value = std::get_if<ParamScalar>(&outcome);
  return value ? to_json(*value) : Json(choice);
}

/// One value of a field: its own JSON type, or text with a unit or a `$(parameter)`.
Json scalar_schema(const FieldInfo& field) {
  Json typed;
  switch (field.kind) {
    case FieldKind::boolean:
      typed["type"] = "boolean";
      break;
    case FieldKind::integer:
      typed["type"] = "integer";
      break;
    case FieldKind::real:
      typed["type"] = "number";
      break;
    default:
      // YAML makes numbers of what a text field takes as text.
      typed["type"] = Json::array({"string", "number"});
  }
  if (field.min) typed[field.min_excluded ? "exclusiveMinimum" : "minimum"] = *field.min;
  if (field.max) typed["maximum"] = *field.max;
  if (!field.choices.empty()) {
    typed = Json::object();
    for (const std::string& choice : field.choices)
      typed["enum"].push_back(choice_json(field, choice));
  }
  if (field.kind == FieldKind::text && field.choices.empty()) return typed;
  Json text{{"type", "string"}};
  if (field.unit.empty()) text["pattern"] = "\\$\\(";
  return {{"anyOf", {typed, text}}};
}

Json field_schema(const FieldInfo& field) {
  Json scalar = scalar_schema(field);
  Json schema;
  schema["description"] = full_doc(field);
  if (field.shape == FieldShape::one) {
    schema.update(scalar);
  } else if (field.shape == FieldShape::optional) {
    schema["anyOf"] = {scalar, {{"const", "none"}}};
  } else {
    Json list{{"type", "array"}, {"items", scalar}};
    if (field.shape == FieldShape::pair) list["minItems"] = 1, list["maxItems"] = 2;
    schema["anyOf"] = {scalar, list};
  }
  if (field.required) return schema;
  if (!field.unit.empty()) {
    schema["default"] = field.default_text();
  } else if (field.shape == FieldShape::one) {
    schema["default"] = to_json(field.default_value.at(0));
  } else if (field.shape == FieldShape::optional && field.default_value.empty()) {
    schema["default"] = "none";
  } else if (field.shape == FieldShape::optional) {
    schema["default"] = to_json(field.default_value[0]);
  } else {
    schema["default"] = Json::array();
    for (const ParamScalar& value : field.default_value)
      schema["default"].push_back(to_json(value));
  }
  return schema;
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
  std::string page = "## " + name + "\n\n" + schema.summary() + "\n";
  const auto fields = page_order(schema);
  if (!fields.empty())
    page +=
        "\n| Parameter | Type | Default | Range or choices | Meaning |\n"
        "|---|---|---|---|---|\n";
  for (const FieldInfo* field : fields)
    page += "| `" + field->name + "` | " + cell(field->type_name()) + " | " +
            (field->required ? "required" : "`" + cell(field->default_text()) + "`") + " | " +
            cell(limits_text(*field)) + " | " + cell(full_doc(*field)) + " |\n";
  if (!schema.rules().empty()) page += "\nRules:\n\n";
  for (const std::string& rule : schema.rules()) page += "- " + rule + "\n";
  for (const SchemaBase::Example& example : schema.examples()) {
    page += "\n";
    if (!example.words.empty()) page += example.words + "\n\n";
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
