// SPDX-License-Identifier: GPL-3.0-or-later
#include "field_text.h"

#include <core/units.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "words.h"

namespace skymill {

namespace {

using Outcome = std::variant<ParamScalar, FieldFault>;

FieldFault fault_of(const FieldInfo& field, const std::string& text, const QuantityError& error) {
  using Reason = QuantityError::Reason;
  if (error.reason() == Reason::not_a_number)
    return {in_quotes(field.name) + " is " + in_quotes(text), error.hint()};
  if (field.unit.empty())
    return {in_quotes(field.name) + " is " + in_quotes(text), "write a number without a unit"};
  return {in_quotes(field.name) + " is in " + in_quotes(error.unit()), "its unit is " + field.unit};
}

/// The number as it was written, with the unit that it is in.
std::string written(const FieldInfo& field, const std::string& text) {
  const bool bare =
      !text.empty() && ((text.back() >= '0' && text.back() <= '9') || text.back() == '.');
  return bare && !field.unit.empty() ? text + " " + field.unit : text;
}

std::optional<FieldFault> check_range(const FieldInfo& field, double value,
                                      const std::string& text) {
  const bool low = field.min && (field.min_excluded ? value <= *field.min : value < *field.min);
  const bool high = field.max && value > *field.max;
  if (!low && !high) return std::nullopt;
  const std::string given = written(field, text);
  std::string range = field.range_text();
  // The unit need not be said twice.
  const std::string tail = " " + field.unit;
  if (!field.unit.empty() && given.ends_with(field.unit) && range.ends_with(tail))
    range.resize(range.size() - tail.size());
  const bool two_sided = field.min && field.max;
  return FieldFault{in_quotes(field.name) + " is " + given,
                    (two_sided ? "the range is " : "it must be ") + range};
}

Outcome read_boolean(const FieldInfo& field, const std::string& text) {
  if (text == "true") return ParamScalar(true);
  if (text == "false") return ParamScalar(false);
  return FieldFault{in_quotes(field.name) + " is " + in_quotes(text), "write true or false"};
}

Outcome read_real(const FieldInfo& field, const std::string& text) {
  try {
    const double value = parse_quantity(text, field.unit);
    if (auto fault = check_range(field, value, text)) return *fault;
    return ParamScalar(value);
  } catch (const QuantityError& error) {
    return fault_of(field, text, error);
  }
}

FieldFault not_whole(const FieldInfo& field, const std::string& text) {
  std::string hint = "write a whole number";
  if (!field.unit.empty()) hint += " of " + field.unit;
  return {in_quotes(field.name) + " is " + in_quotes(text), hint};
}

FieldFault out_of_type(const FieldInfo& field, const std::string& text) {
  const std::string hint =
      field.range_text().empty()
          ? "it must be " + std::to_string(field.least) + " to " + std::to_string(field.most)
          : "the range is " + field.range_text();
  return {in_quotes(field.name) + " is " + written(field, text), hint};
}

/// A whole number in digits only: `1e5` and `5.0` are not.
Outcome read_plain_integer(const FieldInfo& field, const std::string& text) {
  std::string_view digits = text;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
    return not_whole(field, text);
  if (error != std::errc()) return out_of_type(field, text);
  return ParamScalar(value);
}

Outcome read_integer(const FieldInfo& field, const std::string& text) {
  Outcome outcome = read_plain_integer(field, text);
  if (!field.unit.empty() && std::holds_alternative<FieldFault>(outcome)) {
    try {
      const double value = parse_quantity(text, field.unit);
      if (value != std::round(value)) return not_whole(field, text);
      if (std::abs(value) >= 0x1p63) return out_of_type(field, text);
      outcome = ParamScalar(static_cast<std::int64_t>(value));
    } catch (const QuantityError& error) {
      return fault_of(field, text, error);
    }
  }
  if (std::holds_alternative<FieldFault>(outcome)) return outcome;
  const std::int64_t value = std::get<std::int64_t>(std::get<ParamScalar>(outcome));
  if (auto fault = check_range(field, static_cast<double>(value), text)) return *fault;
  if (value < field.least || value > field.most) return out_of_type(field, text);
  return outcome;
}

Outcome read_by_kind(const FieldInfo& field, const std::string& text) {
  switch (field.kind) {
    case FieldKind::boolean:
      return read_boolean(field, text);
    case FieldKind::integer:
      return read_integer(field, text);
    case FieldKind::real:
      return read_real(field, text);
    default:
      return ParamScalar(text);
  }
}

struct KindWords {
  const char* one;
  const char* many;
};

KindWords kind_words(FieldKind kind) {
  switch (kind) {
    case FieldKind::boolean:
      return {"true or false", "true or false"};
    case FieldKind::integer:
      return {"whole number", "whole numbers"};
    case FieldKind::real:
      return {"number", "numbers"};
    default:
      return {"text", "texts"};
  }
}

}  // namespace

Outcome read_scalar(const FieldInfo& field, const std::string& text) {
  Outcome outcome = read_by_kind(field, text);
  if (field.choices.empty() || std::holds_alternative<FieldFault>(outcome)) return outcome;
  FieldInfo unitless = field;
  unitless.unit.clear();
  const std::string plain = canonical_scalar(unitless, std::get<ParamScalar>(outcome));
  if (std::find(field.choices.begin(), field.choices.end(), plain) != field.choices.end())
    return outcome;
  return FieldFault{in_quotes(field.name) + " is " + in_quotes(text),
                    "it can be one of: " + joined(field.choices)};
}

std::string canonical_scalar(const FieldInfo& field, const ParamScalar& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const std::string* text = std::get_if<std::string>(&value)) return *text;
  std::string number;
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&value))
    number = std::to_string(*whole);
  else
    number = exact_number(std::get<double>(value));
  return field.unit.empty() ? number : number + " " + field.unit;
}

std::string quoted_if_needed(const std::string& text, bool in_list) {
  const auto is_control = [](unsigned char c) { return c < 0x20; };
  const bool odd = text.empty() || text.front() == ' ' || text.back() == ' ' ||
                   text.front() == '"' || text.front() == '\'' || text.front() == '[' ||
                   std::any_of(text.begin(), text.end(), is_control) ||
                   (in_list && text.find_first_of(",]\"'") != std::string::npos);
  if (!odd) return text;
  std::string all = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') all += '\\';
    all += c;
  }
  return all + "\"";
}

std::string canonical_text(const FieldInfo& field, const std::vector<ParamScalar>& values) {
  const bool in_list = field.shape == FieldShape::list || field.shape == FieldShape::pair;
  if (!in_list && values.empty()) return "none";
  std::vector<std::string> texts;
  for (const ParamScalar& value : values) {
    const std::string text = canonical_scalar(field, value);
    texts.push_back(field.kind == FieldKind::text ? quoted_if_needed(text, in_list) : text);
  }
  return in_list ? "[" + joined(texts) + "]" : texts.front();
}

std::string FieldInfo::type_name() const {
  const KindWords words = kind_words(kind);
  const std::string in_unit = unit.empty() ? "" : " in " + unit;
  switch (shape) {
    case FieldShape::optional:
      return words.one + in_unit + " or none";
    case FieldShape::list:
      return std::string("list of ") + words.many + in_unit;
    case FieldShape::pair:
      return std::string("one or two ") + words.many + in_unit;
    default:
      return words.one + in_unit;
  }
}

std::string FieldInfo::default_text() const {
  if (unit.empty()) return canonical_text(*this, default_value);
  const bool in_list = shape == FieldShape::list || shape == FieldShape::pair;
  if (!in_list && default_value.empty()) return "none";
  std::vector<std::string> texts;
  for (const ParamScalar& scalar : default_value) {
    const std::int64_t* whole = std::get_if<std::int64_t>(&scalar);
    const double value = whole ? static_cast<double>(*whole) : std::get<double>(scalar);
    texts.push_back(short_quantity(value, unit));
  }
  return in_list ? "[" + joined(texts) + "]" : texts.front();
}

std::string FieldInfo::range_text() const {
  if (min && max) {
    std::string low = short_quantity(*min, unit);
    const std::string high = short_quantity(*max, unit);
    const auto low_space = low.find(' '), high_space = high.find(' ');
    const bool same_unit = low_space != std::string::npos && high_space != std::string::npos &&
                           low.substr(low_space) == high.substr(high_space);
    if (same_unit) low.resize(low_space);
    return (min_excluded ? "more than " : "") + low + " to " + high;
  }
  if (min) return (min_excluded ? "more than " : "at least ") + short_quantity(*min, unit);
  if (max) return "at most " + short_quantity(*max, unit);
  return {};
}

}  // namespace skymill
