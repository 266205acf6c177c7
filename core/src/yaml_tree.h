// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/diagnostics.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymill {

struct YamlEntry;

/// A node of the strict subset of YAML; scalars are text, whatever they look like.
struct YamlNode {
  enum class Kind { missing, scalar, list, map };

  Kind kind = Kind::missing;
  Where where;
  std::string text;                ///< of a scalar
  std::vector<YamlNode> items;     ///< of a list
  std::vector<YamlEntry> entries;  ///< of a map; every key once
  bool command_line = false;       ///< put in by `--set`; `a,b` in it may be a list

  const YamlEntry* find(std::string_view key) const;
  YamlEntry* find(std::string_view key);
};

struct YamlEntry {
  std::string key;
  Where where;
  YamlNode value;
};

constexpr std::size_t kMostYamlBytes = std::size_t{1} << 20;
constexpr std::size_t kMostYamlDepth = 32;

/// Reads one document whose root is a map. Duplicate keys, aliases, anchors, tags, merge keys,
/// directives, further documents, tabs in indentation, depth above 32, more than 1 MiB, text that
/// is not UTF-8 and control characters are reported with their positions, as are syntax errors.
/// @return nothing when the text is so broken that its content cannot be judged
std::optional<YamlNode> read_yaml(const std::string& name, std::string_view text,
                                  Diagnostics& diagnostics);

}  // namespace skymill
