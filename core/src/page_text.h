// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <sstream>
#include <string>

namespace skymill {

constexpr std::size_t kLineWidth = 80;

/// Words of `text` in lines that begin with `indent` and fit the width.
inline std::string wrapped(const std::string& text, const std::string& indent) {
  std::string lines, line = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const bool is_first = line.size() == indent.size();
    if (!is_first && line.size() + 1 + word.size() > kLineWidth) {
      lines += line + "\n";
      line = indent;
    }
    line += (line.size() == indent.size() ? "" : " ") + word;
  }
  return lines + line + "\n";
}

inline std::string indented(const std::string& text, const std::string& indent) {
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) all += indent + line + "\n";
  return all;
}

/// Text for a cell of a table: no bars, no line breaks.
inline std::string table_cell(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

/// Words outside of code, in which Markdown must not see tags or emphasis.
inline std::string markdown_words(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '*') safe += '\\';
    if (c == '<')
      safe += "&lt;";
    else
      safe += c;
  }
  return safe;
}

/// The same in a table.
inline std::string words_cell(const std::string& text) { return table_cell(markdown_words(text)); }

}  // namespace skymill
