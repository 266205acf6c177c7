// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/diagnostics.h>
#include <core/settings.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "descriptor.h"
#include "yaml_tree.h"

namespace skymill {

/// Letters, digits, `-` and `_`, beginning with a letter or `_`.
bool is_plain_name(std::string_view text);

/// The `parameters:` of a description with the values of this run, and what puts them in place of
/// `$(name)`.
class DescriptorParameters {
 public:
  explicit DescriptorParameters(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// Reads the declarations in order; a default may use the parameters above it.
  void read(const YamlNode& node, const std::vector<std::string>& given);
  const std::vector<ParameterEntry>& entries() const { return entries_; }

  /// From now on `$(each.name)` may stand in values: for what the item has, or, without an item,
  /// for something that is not known yet.
  void begin_each(const WorkItem* item);
  /// The names that stood in `$(each.name)` while there was no item.
  const std::vector<ScalarText>& each_uses() const { return each_uses_; }

  /// The value of a key, substituted. Mistakes are reported; the value is then `broken`.
  SettingValue value_of(const std::string& key, const YamlNode& node, const Where& key_where) const;
  /// A single text of a key, substituted; nothing after a mistake, which is reported.
  std::optional<std::string> text_of(const std::string& key, const YamlNode& node,
                                     const Where& key_where) const;

 private:
  void read_given(const std::vector<std::string>& given, const YamlNode& node);
  void read_entry(const YamlEntry& entry);
  void read_declaration(const YamlNode& node, ParameterEntry& parameter);
  const ParameterEntry* find(const std::string& name, const Where& where) const;
  const ParameterEntry* find_bare(const std::string& text, const Where& where, bool& broken) const;
  std::optional<std::string> substituted(const std::string& text, const Where& where) const;
  SettingValue list_of(const std::string& key, const YamlNode& node) const;
  SettingValue scalar_of(const YamlNode& node) const;

  Diagnostics& diagnostics_;
  std::vector<ParameterEntry> entries_;
  std::vector<std::string> names_;  ///< of `entries_`
  std::map<std::string, std::size_t> index_;
  std::set<std::string> declared_;  ///< all names of the file, also those still to come
  std::map<std::string, SettingValue> given_;
  std::optional<ParameterEntry> unknown_item_;  ///< stands for any `$(each.name)`
  mutable std::vector<ScalarText> each_uses_;
};

}  // namespace skymill
