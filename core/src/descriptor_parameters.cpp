// SPDX-License-Identifier: GPL-3.0-or-later
#include "descriptor_parameters.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "words.h"

namespace skymill {

namespace {

using Kind = YamlNode::Kind;

const std::string kEachPrefix = "each.";

SettingValue broken_value(const Where& where) {
  SettingValue value = SettingValue::scalar("", where);
  value.broken = true;
  return value;
}

}  // namespace

bool is_plain_name(std::string_view text) {
  const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0])) && text[0] != '-' &&
         std::all_of(text.begin(), text.end(), good);
}

void DescriptorParameters::read(const YamlNode& node, const std::vector<std::string>& given) {
  if (node.kind == Kind::map) {
    for (const YamlEntry& entry : node.entries) declared_.insert(entry.key);
  } else if (node.kind != Kind::missing) {
    diagnostics_.error(node.where, "'parameters' must be a map", "write 'name: default' lines");
  }
  read_given(given, node);
  for (const YamlEntry& entry : node.entries) read_entry(entry);
}

void DescriptorParameters::read_given(const std::vector<std::string>& given, const YamlNode& node) {
  std::vector<std::string> names;
  for (const YamlEntry& entry : node.entries) names.push_back(entry.key);
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const Where where{"--param " + name, 0, 0};
    if (equals == std::string::npos) {
      diagnostics_.error(where, "there is no value", "write --param name=value");
    } else if (!declared_.count(name)) {
      std::string hint = did_you_mean(name, names);
      if (names.empty()) hint = "the description has no parameters";
      diagnostics_.error(where, "no parameter " + in_quotes(name), hint);
    } else {
      given_[name] = SettingValue::command_line(std::string_view(text).substr(equals + 1), where);
    }
  }
}

void DescriptorParameters::read_entry(const YamlEntry& entry) {
  ParameterEntry parameter;
  parameter.name = entry.key;
  parameter.where = entry.where;
  if (!is_plain_name(entry.key))
    diagnostics_.error(entry.where, in_quotes(entry.key) + " is not a name",
                       "use letters, digits, - and _");
  if (entry.value.kind == Kind::map)
    read_declaration(entry.value, parameter);
  else if (entry.value.kind == Kind::missing)
    diagnostics_.error(entry.where, in_quotes(entry.key) + " has no default",
                       "write a value, or {required: true}");
  else
    parameter.default_value = value_of(entry.key, entry.value, entry.where);

  const auto given = given_.find(entry.key);
  parameter.value = given != given_.end() ? given->second : parameter.default_value;
  if (!parameter.value && parameter.required)
    diagnostics_.error(entry.where, "parameter " + in_quotes(entry.key) + " is not given",
                       "use --param " + entry.key + "=...");
  if (!parameter.value) parameter.value = broken_value(entry.where);
  index_.emplace(entry.key, entries_.size());
  names_.push_back(entry.key);
  entries_.push_back(std::move(parameter));
}

void DescriptorParameters::read_declaration(const YamlNode& node, ParameterEntry& parameter) {
  bool good = true;
  for (const YamlEntry& entry : node.entries) {
    if (entry.key == "default") {
      parameter.default_value = value_of("default", entry.value, entry.where);
    } else if (entry.key == "doc") {
      if (const auto text = text_of("doc", entry.value, entry.where)) parameter.doc = *text;
    } else if (entry.key == "required") {
      const auto text = text_of("required", entry.value, entry.where);
      parameter.required = text == "true";
      good = good && text.has_value();
      if (text && *text != "true" && *text != "false")
        diagnostics_.error(entry.value.where, "'required' is " + in_quotes(*text),
                           "write true or false");
    } else {
      good = false;
      std::string hint = did_you_mean(entry.key, {"default", "doc", "required"});
      if (hint.empty()) hint = "the keys are: default, doc, required";
      diagnostics_.error(entry.where, "no key " + in_quotes(entry.key), hint);
    }
  }
  if (parameter.required && parameter.default_value)
    diagnostics_.error(parameter.where,
                       in_quotes(parameter.name) + " is required and has a default",
                       "remove one of them");
  if (good && !parameter.required && !parameter.default_value)
    diagnostics_.error(parameter.where, in_quotes(parameter.name) + " has no default",
                       "write a value, or {required: true}");
}

void DescriptorParameters::begin_each(const WorkItem* item) {
  if (!item) {
    unknown_item_.emplace();
    unknown_item_->value = broken_value({});
    return;
  }
  const Where where{"each " + item->name, 0, 0};
  const auto add = [&](const std::string& key, SettingValue value) {
    ParameterEntry entry;
    entry.name = kEachPrefix + key;
    entry.where = where;
    entry.value = std::move(value);
    index_.emplace(entry.name, entries_.size());
    names_.push_back(entry.name);
    entries_.push_back(std::move(entry));
  };
  add("name", SettingValue::scalar(item->name, where));
  for (const auto& [key, value] : item->parameters) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      add(key, SettingValue::scalar(*text, where));
      continue;
    }
    std::vector<ScalarText> items;
    for (const std::string& text : std::get<1>(value)) items.push_back({text, where});
    add(key, SettingValue::list(std::move(items), where));
  }
}

const ParameterEntry* DescriptorParameters::find(const std::string& name,
                                                 const Where& where) const {
  const auto found = index_.find(name);
  if (found != index_.end()) return &entries_[found->second];
  if (declared_.count(name)) {
    diagnostics_.error(where, "$(" + name + ") is used before it is declared",
                       "a default can use the parameters above it");
    return nullptr;
  }
  if (name.starts_with(kEachPrefix) && unknown_item_) {
    each_uses_.push_back({name.substr(kEachPrefix.size()), where});
    return &*unknown_item_;
  }
  std::string hint = did_you_mean(name, names_);
  if (name.starts_with(kEachPrefix)) {
    if (hint.empty())
      hint = "a description with an 'each' block knows it in 'stages', 'record' and 'product'";
  } else if (names_.empty()) {
    hint = "the description has no parameters; $$( stands for $(";
  }
  diagnostics_.error(where, "no parameter " + in_quotes(name), hint);
  return nullptr;
}

std::optional<std::string> DescriptorParameters::substituted(const std::string& text,
                                                             const Where& where) const {
  std::string result;
  bool good = true;
  for (std::size_t i = 0; i < text.size();) {
    const bool escaped = text.compare(i, 3, "$$(") == 0;
    if (escaped || text.compare(i, 2, "$(") != 0) {
      result += escaped ? "$(" : std::string(1, text[i]);
      i += escaped ? 3 : 1;
      continue;
    }
    const std::size_t end = text.find(')', i);
    if (end == std::string::npos) {
      diagnostics_.error(where, "'$(' is not closed", "write $(name), or $$( for the text $(");
      return std::nullopt;
    }
    const std::string name = text.substr(i + 2, end - i - 2);
    i = end + 1;
    const ParameterEntry* parameter = find(name, where);
    if (parameter && parameter->value->is_list())
      diagnostics_.error(where, "$(" + name + ") is a list", "it can only stand alone");
    if (!parameter || parameter->value->is_list() || parameter->value->broken)
      good = false;
    else
      result += parameter->value->text;
    if (result.size() > kMostYamlBytes) {  // parameters made of parameters grow fast
      diagnostics_.error(where, "the text is longer than 1 MiB once $(" + name + ") is put in");
      return std::nullopt;
    }
  }
  if (!good) return std::nullopt;
  return result;
}

const ParameterEntry* DescriptorParameters::find_bare(const std::string& text, const Where& where,
                                                      bool& broken) const {
  if (!text.starts_with("$(") || text.find(')') != text.size() - 1) return nullptr;
  const ParameterEntry* parameter = find(text.substr(2, text.size() - 3), where);
  broken = !parameter;
  return parameter;
}

SettingValue DescriptorParameters::scalar_of(const YamlNode& node) const {
  bool broken = false;
  if (const ParameterEntry* parameter = find_bare(node.text, node.where, broken))
    return *parameter->value;
  if (broken) return broken_value(node.where);
  const auto text = substituted(node.text, node.where);
  if (!text) return broken_value(node.where);
  return node.command_line ? SettingValue::command_line(*text, node.where)
                           : SettingValue::scalar(*text, node.where);
}

SettingValue DescriptorParameters::list_of(const std::string& key, const YamlNode& node) const {
  std::vector<ScalarText> items;
  bool good = true;
  for (const YamlNode& item : node.items) {
    if (item.kind != Kind::scalar) {
      diagnostics_.error(item.where, "a value in the list " + in_quotes(key) + " is not plain",
                         "write single values");
      good = false;
      continue;
    }
    const SettingValue value = scalar_of(item);
    if (value.is_list() && !value.broken)
      diagnostics_.error(item.where, item.text + " is a list", "it can only stand alone");
    good = good && !value.is_list() && !value.broken;
    items.push_back({value.text, value.where});
  }
  if (!good) return broken_value(node.where);
  return SettingValue::list(std::move(items), node.where);
}

SettingValue DescriptorParameters::value_of(const std::string& key, const YamlNode& node,
                                            const Where& key_where) const {
  switch (node.kind) {
    case Kind::scalar:
      return scalar_of(node);
    case Kind::list:
      return list_of(key, node);
    case Kind::map:
      diagnostics_.error(node.where, in_quotes(key) + " is a map",
                         "write a value or a list of values");
      return broken_value(node.where);
    default:
      diagnostics_.error(key_where, in_quotes(key) + " has no value",
                         "write one, or leave the line out");
      return broken_value(key_where);
  }
}

std::optional<std::string> DescriptorParameters::text_of(const std::string& key,
                                                         const YamlNode& node,
                                                         const Where& key_where) const {
  const SettingValue value = value_of(key, node, key_where);
  if (value.broken) return std::nullopt;
  if (value.is_list()) {
    diagnostics_.error(value.where, in_quotes(key) + " is a list", "it takes one value");
    return std::nullopt;
  }
  return value.text;
}

}  // namespace skymill
