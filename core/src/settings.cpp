// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/settings.h>

#include <algorithm>
#include <utility>

namespace skymill {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Takes an item off the front of a comma-separated text, with its comma. Quotes keep commas and
/// are dropped; a backslash in double quotes keeps the next letter.
std::string take_item(std::string_view& text) {
  text = trimmed(text);
  std::string item;
  if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
    const char quote = text.front();
    std::size_t i = 1;
    while (i < text.size() && text[i] != quote) {
      if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) ++i;
      item += text[i++];
    }
    text.remove_prefix(std::min(i + 1, text.size()));
    text = trimmed(text);
    if (text.empty()) return item;
    if (text.front() == ',') {
      text.remove_prefix(1);
      return item;
    }
  }
  const std::size_t comma = std::min(text.find(','), text.size());
  item += trimmed(text.substr(0, comma));
  text.remove_prefix(std::min(comma + 1, text.size()));
  return item;
}

/// Whether the whole text is one quoted item.
bool is_quoted(std::string_view text) {
  if (text.size() < 2 || (text.front() != '"' && text.front() != '\'')) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text.front() == '"' && text[i] == '\\')
      ++i;
    else if (text[i] == text.front())
      return i + 1 == text.size();
  }
  return false;
}

}  // namespace

SettingValue SettingValue::scalar(std::string text, const Where& where) {
  SettingValue value;
  value.items = {{text, where}};
  value.text = std::move(text);
  value.where = where;
  value.origin = where.text();
  return value;
}

SettingValue SettingValue::list(std::vector<ScalarText> items, const Where& where) {
  SettingValue value;
  value.form = Form::list;
  value.items = std::move(items);
  value.where = where;
  value.origin = where.text();
  return value;
}

SettingValue SettingValue::command_line(std::string_view text, const Where& where) {
  text = trimmed(text);
  if (is_quoted(text)) return scalar(take_item(text), where);
  const bool bracketed = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (!bracketed && text.find(',') == std::string_view::npos)
    return scalar(std::string(text), where);

  std::string_view rest = bracketed ? trimmed(text.substr(1, text.size() - 2)) : text;
  std::vector<ScalarText> items;
  while (!rest.empty()) items.push_back({take_item(rest), where});
  SettingValue value = list(std::move(items), where);
  if (!bracketed) {
    value.form = Form::comma_list;
    value.text = text;
  }
  return value;
}

std::string SettingValue::display() const {
  if (form != Form::list) return text;
  std::string shown = "[";
  for (const ScalarText& item : items) shown += (shown.size() > 1 ? ", " : "") + item.text;
  return shown + "]";
}

void Settings::set(Setting setting) {
  for (Setting& there : settings_) {
    if (there.key == setting.key) {
      there = std::move(setting);
      return;
    }
  }
  settings_.push_back(std::move(setting));
}

const Setting* Settings::find(std::string_view key) const {
  for (const Setting& setting : settings_)
    if (setting.key == key) return &setting;
  return nullptr;
}

std::optional<Setting> Settings::take(std::string_view key) {
  const Setting* found = find(key);
  if (!found) return std::nullopt;
  const auto place = settings_.begin() + (found - settings_.data());
  Setting taken = std::move(*place);
  settings_.erase(place);
  return taken;
}

bool Settings::empty() const { return settings_.empty(); }
std::size_t Settings::size() const { return settings_.size(); }
std::vector<Setting>::const_iterator Settings::begin() const { return settings_.begin(); }
std::vector<Setting>::const_iterator Settings::end() const { return settings_.end(); }

}  // namespace skymill
