// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace skymill::radio {

namespace fs = std::filesystem;

namespace {

/// Whether a name fits a pattern: `*` stands for any letters, `?` for one.
bool fits(std::string_view name, std::string_view pattern) {
  std::size_t n = 0, p = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Files of a folder by a rule for their names, sorted; those still being written are left out.
template <class Rule>
std::vector<std::string> files_of(const fs::path& folder, Rule wanted) {
  std::vector<std::string> found;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    if (!ends_with(name, "_incomplete.hdf5") && wanted(name)) {
      found.push_back(entry.path().string());
    }
  }
  if (code) {
    throw Error(ErrorKind::input,
                "the folder '" + folder.string() + "' cannot be read: " + code.message());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> files_of_input(const std::string& input) {
  const fs::path path(input);
  if (fs::is_directory(path)) {
    return files_of(path, [](const std::string& name) {
      return ends_with(name, ".uvh5") || ends_with(name, ".hdf5") || ends_with(name, ".h5");
    });
  }
  if (fs::exists(path) || input.find_first_of("*?") == std::string::npos) return {input};
  const std::string pattern = path.filename().string();
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::input, "there is no folder '" + folder.string() + "'");
  }
  return files_of(folder, [&](const std::string& name) { return fits(name, pattern); });
}

}  // namespace

std::vector<std::string> find_uvh5_files(const std::vector<std::string>& inputs) {
  std::vector<std::string> all;
  for (const std::string& input : inputs) {
    const auto found = files_of_input(input);
    if (found.empty()) {
      throw Error(ErrorKind::input, "'" + input + "' names no UVH5 file",
                  "files in a folder are known by .uvh5, .hdf5 or .h5; *_incomplete.hdf5 are "
                  "left out");
    }
    all.insert(all.end(), found.begin(), found.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace skymill::radio
