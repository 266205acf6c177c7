// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/diagnostics.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skymill {

/// The bytes of a description, with positions as an editor counts them.
class YamlSource {
 public:
  /// @param text without a byte order mark
  YamlSource(std::string name, std::string_view text);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  /// The byte at this place, or 0 outside of the text.
  char at(std::size_t byte) const { return byte < text_.size() ? text_[byte] : '\0'; }
  /// The place of a byte; columns count characters, not bytes.
  Where where(std::size_t byte) const;

  /// Reports bytes that no parser should see: too many, not UTF-8, control characters.
  /// @return whether there were none
  bool check_bytes(Diagnostics& diagnostics) const;
  /// Reports tabs in indentation and directives. @return whether there were none
  bool check_lines(Diagnostics& diagnostics) const;

 private:
  static constexpr std::size_t kBlock = 256;
  std::size_t characters_before(std::size_t byte) const;

  std::string name_;
  std::string_view text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::size_t> block_starts_;  ///< characters before every kBlock-th byte
};

}  // namespace skymill
