// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/port.h>

#include <algorithm>
#include <cstdio>
#include <optional>

namespace skymill {

std::string property_text(const PropertyValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", *number);
    return text;
  }
  return std::get<std::string>(value);
}

void PortSpec::require_header(DataKind wanted) const {
  if (!header_ || header_kind_ != wanted) {
    throw Error(ErrorKind::description,
                "a port of " + kind.text() + " carries no header of " + wanted.text() +
                    (header_ ? " but one of " + header_kind_.text() : std::string()));
  }
}

namespace {

std::optional<double> number_of(const PropertyValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::nullopt;
}

bool satisfies(const Requirement& requirement, const PropertyValue& value) {
  if (requirement.range.is_set()) {
    const auto number = number_of(value);
    return number && *number >= requirement.range.least && *number <= requirement.range.most;
  }
  return std::find(requirement.any_of.begin(), requirement.any_of.end(), value) !=
         requirement.any_of.end();
}

std::string needs_text(const Requirement& requirement) {
  std::string text = requirement.property;
  if (requirement.range.is_set()) {
    text += " in [" + property_text(requirement.range.least) + ", " +
            property_text(requirement.range.most) + "]";
  } else if (requirement.any_of.size() == 1) {
    text += " = " + property_text(requirement.any_of.front());
  } else {
    text += " one of";
    for (const auto& value : requirement.any_of) text += " " + property_text(value);
  }
  if (!requirement.because.empty()) text += " (" + requirement.because + ")";
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

void match_names(const std::string& what, const std::vector<std::string>& needed,
                 const std::vector<std::string>& given, std::vector<Mismatch>& reasons) {
  std::vector<std::string> missing;
  for (const auto& name : needed) {
    if (std::find(given.begin(), given.end(), name) == given.end()) missing.push_back(name);
  }
  if (!missing.empty()) {
    reasons.push_back({what + " " + joined(missing), what + " " + joined(given), {}});
  }
}

}  // namespace

std::vector<Mismatch> match(const PortNeed& need, const PortSpec& given) {
  std::vector<Mismatch> reasons;
  if (need.kind != given.kind) {
    reasons.push_back({need.kind.text(), given.kind.text(), {}});
    return reasons;
  }
  match_names("axes", need.axes, given.axes, reasons);
  match_names("columns", need.columns, given.columns, reasons);
  for (const auto& requirement : need.requirements) {
    const auto found = given.properties.find(requirement.property);
    if (found == given.properties.end()) {
      reasons.push_back(
          {needs_text(requirement), requirement.property + " not stated", requirement.hint});
    } else if (!satisfies(requirement, found->second)) {
      reasons.push_back({needs_text(requirement),
                         requirement.property + " = " + property_text(found->second),
                         requirement.hint});
    }
  }
  return reasons;
}

Ports& Ports::in(PortNeed need, std::string doc) {
  has_input_ = true;
  input_ = Port{"in", std::move(need), std::move(doc), false};
  return *this;
}

Ports& Ports::side(std::string name, PortNeed need, std::string doc, bool optional) {
  sides_.push_back({std::move(name), std::move(need), std::move(doc), optional});
  return *this;
}

Ports& Ports::out(std::string name, DataKind kind, std::string doc) {
  return out(std::move(name), kind, std::move(doc), {});
}

Ports& Ports::out(std::string name, DataKind kind, std::string doc,
                  std::vector<std::string> columns) {
  PortNeed carried;
  carried.kind = kind;
  carried.columns = std::move(columns);
  outputs_.push_back({std::move(name), std::move(carried), std::move(doc), false});
  return *this;
}

}  // namespace skymill
