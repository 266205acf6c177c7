// SPDX-License-Identifier: GPL-3.0-or-later
#include "field_schema.h"

#include <core/units.h>

#include "field_text.h"
#include "unit_names.h"

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDigitsOnly = "^[+-]?[0-9]+$";
constexpr const char* kNumber = "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?";
constexpr const char* kSexagesimal =
    "[+]?[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\\.[0-9]*)?|"
    "[+]?[0-9.]+h([0-9.]+m)?([0-9.]+s)?|"
    "[+-]?[0-9.]+d([0-9.]+m)?([0-9.]+s)?";

/// Texts that are a number, in a unit that fits where one is declared.
std::string number_pattern(std::string_view unit) {
  std::string names;
  for (const std::string& name : unit_names_for(unit)) {
    if (!names.empty()) names += "|";
    names += name.starts_with('u') ? "(u|\u00B5|\u03BC)" + name.substr(1) : name;
  }
  std::string pattern = kNumber;
  if (!names.empty()) pattern += "[ \\t]*(" + names + ")?";
  if (takes_sexagesimal(unit)) pattern += std::string("|") + kSexagesimal;
  return "^[ \\t]*(" + pattern + ")[ \\t]*$";
}

Json choice_json(const FieldInfo& field, const std::string& choice) {
  if (field.kind == FieldKind::text) return choice;
  FieldInfo unlimited = field;
  unlimited.choices.clear();
  unlimited.unit.clear();
  const auto outcome = read_scalar(unlimited, choice);
  const ParamScalar* value = std::get_if<ParamScalar>(&outcome);
  return value ? scalar_json(*value) : Json(choice);
}

Json with_range(Json typed, const FieldInfo& field) {
  if (field.min) typed[field.min_excluded ? "exclusiveMinimum" : "minimum"] = *field.min;
  if (field.max) typed["maximum"] = *field.max;
  return typed;
}

/// What may stand for one value, besides a text with a parameter in it.
Json typed_schema(const FieldInfo& field) {
  if (!field.choices.empty()) {
    Json choices = Json::array();
    for (const std::string& choice : field.choices) choices.push_back(choice_json(field, choice));
    return {{"enum", choices}};
  }
  switch (field.kind) {
    case FieldKind::boolean:
      return {{"enum", {true, false, "true", "false"}}};
    case FieldKind::integer:
      return with_range({{"type", "integer"}}, field);
    case FieldKind::real:
      return with_range({{"type", "number"}}, field);
    default: {
      // YAML makes numbers and truths of what a text field takes as it is written.
      Json text{{"type", {"string", "number", "boolean"}}};
      if (field.required && field.shape == FieldShape::one) text["minLength"] = 1;
      return text;
    }
  }
}

Json scalar_schema(const FieldInfo& field) {
  const Json typed = typed_schema(field);
  if (field.kind == FieldKind::text && field.choices.empty()) return typed;
  Json any = Json::array();
  any.push_back(typed);
  const bool is_number = field.kind == FieldKind::integer || field.kind == FieldKind::real;
  const bool digits_only = field.kind == FieldKind::integer && field.unit.empty();
  if (is_number && field.choices.empty())
    any.push_back(
        {{"type", "string"}, {"pattern", digits_only ? kDigitsOnly : number_pattern(field.unit)}});
  any.push_back(substitution_schema());
  return {{"anyOf", any}};
}

std::string deprecation_words(const FieldInfo& field) {
  std::string words = "Deprecated";
  if (!field.deprecated_since.empty()) words += " since " + field.deprecated_since;
  if (!field.deprecated_hint.empty()) words += ": " + field.deprecated_hint;
  return words + ".";
}

Json default_json(const FieldInfo& field) {
  Json values = Json::array();
  for (const ParamScalar& scalar : field.default_value) {
    const std::int64_t* whole = std::get_if<std::int64_t>(&scalar);
    if (field.unit.empty())
      values.push_back(scalar_json(scalar));
    else
      values.push_back(short_quantity(
          whole ? static_cast<double>(*whole) : std::get<double>(scalar), field.unit));
  }
  if (field.shape == FieldShape::list || field.shape == FieldShape::pair) return values;
  return values.empty() ? Json("none") : values[0];
}

}  // namespace

Json scalar_json(const ParamScalar& scalar) {
  return std::visit([](const auto& value) { return Json(value); }, scalar);
}

std::string full_doc(const FieldInfo& field) {
  std::string doc = field.doc;
  if (!doc.empty() && doc.back() != '.') doc += ".";
  if (field.tuning) doc += " Has no influence on results.";
  if (field.deprecated()) doc += " " + deprecation_words(field);
  return doc;
}

Json substitution_schema() { return {{"type", "string"}, {"pattern", "\\$\\("}}; }

Json quantity_schema(std::string_view unit) {
  return {{"anyOf",
           {{{"type", "number"}},
            {{"type", "string"}, {"pattern", number_pattern(unit)}},
            substitution_schema()}}};
}

Json field_schema(const FieldInfo& field) {
  const Json scalar = scalar_schema(field);
  Json schema;
  schema["description"] = full_doc(field);
  if (field.deprecated()) schema["deprecationMessage"] = deprecation_words(field);
  if (field.shape == FieldShape::one) {
    schema.update(scalar);
  } else if (field.shape == FieldShape::optional) {
    schema["anyOf"] = {scalar, {{"const", "none"}}};
  } else {
    Json list{{"type", "array"}, {"items", scalar}};
    if (field.shape == FieldShape::pair) list["minItems"] = 1, list["maxItems"] = 2;
    // A text in place of the list may be a parameter that is one.
    schema["anyOf"] = {scalar, list};
  }
  if (!field.required) schema["default"] = default_json(field);
  return schema;
}

}  // namespace skymill
