// SPDX-License-Identifier: GPL-3.0-or-later
#include "yaml_source.h"

#include <algorithm>
#include <utility>

#include "yaml_tree.h"

namespace skymill {

namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Length of the UTF-8 character at the start of `text`, 0 when it is none (RFC 3629: no overlong
/// forms, no surrogates, nothing above U+10FFFF).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i])) return 0;
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) >= 0xA0) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) >= 0x90) return 0;
  return length;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 2)  // U+0080 to U+009F but for the line break U+0085
    return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
  return (first < 0x20 && first != '\n' && first != '\r' && first != '\t') || first == 0x7F;
}

}  // namespace

YamlSource::YamlSource(std::string name, std::string_view text)
    : name_(std::move(name)), text_(text), line_starts_{0} {
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  std::size_t characters = 0;
  for (std::size_t i = 0; i <= text_.size(); ++i) {
    if (i % kBlock == 0) block_starts_.push_back(characters);
    if (i < text_.size()) characters += !is_continuation(text_[i]);
  }
}

Where YamlSource::where(std::size_t byte) const {
  byte = std::min(byte, text_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), byte);
  const auto line = static_cast<std::size_t>(next - line_starts_.begin());
  const std::size_t characters =
      characters_before(byte) - characters_before(line_starts_[line - 1]);
  return {name_, static_cast<int>(line), static_cast<int>(characters) + 1};
}

std::size_t YamlSource::characters_before(std::size_t byte) const {
  const std::size_t block = byte / kBlock;
  std::size_t count = block_starts_[block];
  for (std::size_t i = block * kBlock; i < byte; ++i) count += !is_continuation(text_[i]);
  return count;
}

bool YamlSource::check_bytes(Diagnostics& diagnostics) const {
  if (text_.size() > kMostYamlBytes) {
    diagnostics.error({name_, 0, 0}, "the file is larger than 1 MiB",
                      "a pipeline description is short; is it the right file?");
    return false;
  }
  bool good = true;
  for (std::size_t i = 0; i < text_.size();) {
    const std::size_t length = character_length(text_.substr(i));
    if (length == 0) {
      diagnostics.error(where(i), "the text is not UTF-8 here", "save the file as UTF-8");
      return false;  // what follows is noise
    }
    if (is_control(text_.substr(i, length))) {
      diagnostics.error(where(i), "there is a control character", "remove it");
      good = false;
    }
    i += length;
  }
  return good;
}

bool YamlSource::check_lines(Diagnostics& diagnostics) const {
  bool good = true;
  bool content_seen = false;
  for (const std::size_t start : line_starts_) {
    const std::string_view line = text_.substr(start, text_.find('\n', start) - start);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    const std::size_t tab = line.substr(0, first).find('\t');
    if (tab != std::string_view::npos) {
      diagnostics.error(where(start + tab), "there is a tab in the indentation", "use spaces");
      good = false;
    }
    if (line[0] == '%' && !content_seen) {
      diagnostics.error(where(start), "directives are not allowed", "remove the line");
      good = false;
    } else {
      content_seen = true;
    }
  }
  return good;
}

}  // namespace skymill
