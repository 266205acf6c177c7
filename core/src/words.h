// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skymill {

/// `'text'`, for names and values in messages.
inline std::string in_quotes(std::string_view text) {
  std::string all = "'";
  all += text;
  return all + "'";
}

/// `a, b, c`
inline std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

}  // namespace skymill
