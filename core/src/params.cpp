// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/params.h>
#include <core/units.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>
#include <variant>

#include "field_text.h"
#include "words.h"

namespace skymill {

namespace {

/// What descriptions say of stages of any type; a parameter of such a name would never be given.
constexpr std::array<std::string_view, 8> kKeysOfStages{
    "use", "in", "after", "when", "retry", "retry_on", "timeout", "on_failure"};

std::string count_of_values(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " value" : " values");
}

/// The texts that a value gives to a field of this shape; nothing when their number is wrong,
/// which is then reported.
std::optional<std::vector<ScalarText>> texts_for(const FieldInfo& field, const SettingValue& value,
                                                 Diagnostics& diagnostics) {
  using Form = SettingValue::Form;
  if (field.shape == FieldShape::list) return value.items;
  if (field.shape == FieldShape::pair) {
    if (value.items.size() == 2) return value.items;
    if (value.items.size() == 1) return std::vector<ScalarText>(2, value.items[0]);
    diagnostics.error(value.where,
                      in_quotes(field.name) + " has " + count_of_values(value.items.size()),
                      "it takes 1 or 2");
    return std::nullopt;
  }
  if (value.form == Form::scalar) return value.items;
  if (value.form == Form::comma_list) return std::vector<ScalarText>{{value.text, value.where}};
  diagnostics.error(value.where, in_quotes(field.name) + " is a list", "it takes one value");
  return std::nullopt;
}

/// The values of a field, or nothing when one of them is wrong; every wrong one is reported.
std::optional<std::vector<ParamScalar>> read_field(const FieldInfo& field,
                                                   const SettingValue& value,
                                                   Diagnostics& diagnostics) {
  const auto texts = texts_for(field, value, diagnostics);
  if (!texts) return std::nullopt;
  const bool unset = field.shape == FieldShape::optional && texts->front().text == "none";
  if (unset) return std::vector<ParamScalar>();
  std::vector<ParamScalar> values;
  bool good = true;
  for (const ScalarText& text : *texts) {
    const auto outcome = read_scalar(field, text.text);
    if (const FieldFault* fault = std::get_if<FieldFault>(&outcome)) {
      diagnostics.error(text.where, fault->message, fault->hint);
      good = false;
    } else {
      values.push_back(std::get<ParamScalar>(outcome));
    }
  }
  if (good && field.required && values == std::vector<ParamScalar>{std::string()}) {
    diagnostics.error(value.where, in_quotes(field.name) + " is empty",
                      "it is required: " + field.doc);
    good = false;
  }
  if (!good) return std::nullopt;
  return values;
}

void warn_deprecated(const FieldInfo& field, const Where& where, Diagnostics& diagnostics) {
  std::string message = in_quotes(field.name) + " is deprecated";
  if (!field.deprecated_since.empty()) message += " since " + field.deprecated_since;
  diagnostics.warning(where, message, field.deprecated_hint);
}

bool report_unknown(const std::vector<FieldInfo>& fields, const Settings& settings,
                    Diagnostics& diagnostics) {
  constexpr std::size_t kMostNamed = 12;
  std::vector<std::string> names;
  for (const FieldInfo& field : fields)
    if (!field.deprecated()) names.push_back(field.name);
  bool any = false;
  for (const Setting& setting : settings) {
    const auto is_it = [&](const FieldInfo& field) { return field.name == setting.key; };
    if (std::any_of(fields.begin(), fields.end(), is_it)) continue;
    any = true;
    std::string hint = did_you_mean(setting.key, names);
    if (hint.empty() && !names.empty() && names.size() <= kMostNamed) {
      hint = "the parameters are: " + joined(names);
    }
    diagnostics.error(setting.where, "no parameter " + in_quotes(setting.key), hint);
  }
  return any;
}

bool is_name(const std::string& text) {
  const auto good = [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), good);
}

void find_default_faults(const FieldInfo& field, std::vector<std::string>& faults) {
  if (field.required) return;  // its default is never used
  for (const ParamScalar& scalar : field.default_value) {
    const double* number = std::get_if<double>(&scalar);
    if (number && !std::isfinite(*number)) {
      faults.push_back("the default of " + in_quotes(field.name) + " is not finite");
      continue;
    }
    const auto outcome = read_scalar(field, canonical_scalar(field, scalar));
    if (const FieldFault* fault = std::get_if<FieldFault>(&outcome))
      faults.push_back("default: " + fault->message + "; " + fault->hint);
  }
}

}  // namespace

bool FieldInfo::deprecated() const { return !deprecated_since.empty() || !deprecated_hint.empty(); }

SchemaBase::SchemaBase(std::string summary) : summary_(std::move(summary)) {}
SchemaBase::~SchemaBase() = default;
SchemaBase::SchemaBase(const SchemaBase&) = default;
SchemaBase::SchemaBase(SchemaBase&&) noexcept = default;
SchemaBase& SchemaBase::operator=(const SchemaBase&) = default;
SchemaBase& SchemaBase::operator=(SchemaBase&&) noexcept = default;

FieldInfo& SchemaBase::add_field(FieldInfo field) {
  fields_.push_back(std::move(field));
  return fields_.back();
}

void SchemaBase::add_rule(Rule rule, std::string words) {
  rules_.push_back({std::move(rule), std::move(words)});
}

std::optional<std::string> SchemaBase::words_unless(bool holds, const std::string& words) {
  if (holds) return std::nullopt;
  return words;
}

void SchemaBase::add_example(std::string text, std::string words) {
  examples_.push_back({std::move(text), std::move(words)});
}

std::vector<std::string> SchemaBase::rules() const {
  std::vector<std::string> words;
  for (const NamedRule& rule : rules_) words.push_back(rule.words);
  return words;
}

bool SchemaBase::parse(const Settings& settings, void* params, const Where& stage_where,
                       Diagnostics& diagnostics, std::vector<ResolvedValue>* resolved) const {
  bool good = !report_unknown(fields_, settings, diagnostics);
  for (const FieldInfo& field : fields_) {
    const Setting* setting = settings.find(field.name);
    std::string origin = "default";
    if (!setting) {
      if (field.required) {
        good = false;
        diagnostics.error(stage_where, in_quotes(field.name) + " is missing",
                          "it is required: " + field.doc + " (" + field.type_name() + ")");
      }
    } else if (setting->value.broken) {
      good = false;
    } else {
      origin = setting->value.origin;
      if (field.deprecated()) warn_deprecated(field, setting->where, diagnostics);
      if (const auto values = read_field(field, setting->value, diagnostics))
        field.set(params, *values);
      else
        good = false;
    }
    if (resolved)
      resolved->push_back(
          {field.name, canonical_text(field, field.get(params)), origin, field.tuning});
  }
  if (!good) return false;
  for (const NamedRule& rule : rules_) {
    if (const auto message = rule.rule(params)) {
      diagnostics.error(stage_where, *message);
      good = false;
    }
  }
  return good;
}

std::vector<ResolvedValue> SchemaBase::resolved(const void* params) const {
  std::vector<ResolvedValue> values;
  for (const FieldInfo& field : fields_) {
    const auto value = field.get(params);
    const bool is_default = value == field.default_value;
    values.push_back(
        {field.name, canonical_text(field, value), is_default ? "default" : "code", field.tuning});
  }
  return values;
}

std::string SchemaBase::key_text(const void* params) const {
  std::vector<std::string> lines;
  for (const FieldInfo& field : fields_)
    if (!field.tuning)
      lines.push_back(field.name + " = " + canonical_text(field, field.get(params)) + "\n");
  // The order of declaration is no part of the meaning.
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::vector<std::string> SchemaBase::faults() const {
  std::vector<std::string> faults;
  std::set<std::string> names;
  std::set<std::size_t> offsets;
  for (const FieldInfo& field : fields_) {
    if (!is_name(field.name)) faults.push_back(in_quotes(field.name) + " is not a lower case name");
    if (std::find(kKeysOfStages.begin(), kKeysOfStages.end(), field.name) != kKeysOfStages.end())
      faults.push_back(in_quotes(field.name) + " is a key of stages in descriptions");
    if (!names.insert(field.name).second)
      faults.push_back(in_quotes(field.name) + " is declared twice");
    else if (!offsets.insert(field.offset).second)
      faults.push_back(in_quotes(field.name) + " is bound to a member that is bound already");
    if (field.doc.empty()) faults.push_back(in_quotes(field.name) + " has no description");
    const bool is_number = field.kind == FieldKind::integer || field.kind == FieldKind::real;
    if (!is_number && (!field.unit.empty() || field.min || field.max))
      faults.push_back(in_quotes(field.name) + " is no number, but has a unit or a range");
    if (field.min && field.max && *field.min > *field.max)
      faults.push_back("the range of " + in_quotes(field.name) + " is empty");
    find_default_faults(field, faults);
  }
  return faults;
}

FieldRef& FieldRef::unit(std::string_view unit) {
  if (!is_unit(unit))
    throw Error(ErrorKind::plugin,
                in_quotes(std::string(unit)) + ", unit of parameter " + in_quotes(field_->name) +
                    ", is not a unit",
                "write one of Hz, s, m, rad, Jy, B or one made of them, with a prefix if you like; "
                "or none");
  field_->unit = unit;
  return *this;
}

FieldRef& FieldRef::range(double min, double max) {
  if (!std::isinf(min)) field_->min = min;
  if (!std::isinf(max)) field_->max = max;
  return *this;
}

FieldRef& FieldRef::at_least(double min) {
  field_->min = min;
  return *this;
}

FieldRef& FieldRef::positive() {
  field_->min = 0;
  field_->min_excluded = true;
  return *this;
}

FieldRef& FieldRef::choices(std::vector<std::string> choices) {
  field_->choices = std::move(choices);
  return *this;
}

FieldRef& FieldRef::tuning() {
  field_->tuning = true;
  return *this;
}

FieldRef& FieldRef::required() {
  field_->required = true;
  return *this;
}

FieldRef& FieldRef::deprecated(std::string hint, std::string since) {
  field_->deprecated_hint = std::move(hint);
  field_->deprecated_since = std::move(since);
  return *this;
}

FieldRef& FieldRef::advanced() {
  field_->advanced = true;
  return *this;
}

}  // namespace skymill
