// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fnmatch.h>
#include <stages/uvh5_groups/file_name.h>
#include <stages/uvh5_groups/folder_scan.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace skymill::radio {

namespace fs = std::filesystem;

namespace {

/// Appends the files of a folder whose names fit one of the patterns.
void add_files(const fs::path& folder, const std::vector<const char*>& patterns,
               std::vector<std::string>& found) {
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    const bool fits = std::any_of(patterns.begin(), patterns.end(), [&](const char* pattern) {
      return ::fnmatch(pattern, name.c_str(), FNM_PERIOD) == 0;
    });
    if (fits) found.push_back(entry->path().string());
  }
  if (code) {
    throw Error(ErrorKind::input,
                "the folder '" + folder.string() + "' cannot be read: " + code.message());
  }
}

double unix_time(const timespec& time) {
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void read_header(ScannedFile& file) {
  file.facts.reset();
  file.problem.clear();
  if (::access(file.path.c_str(), R_OK) != 0) {
    file.problem = std::string("it cannot be read: ") + std::strerror(errno);
    return;
  }
  try {
    file.facts = scan_header(file.path);
  } catch (const Error& error) {
    file.problem = error.message();
  }
}

}  // namespace

std::vector<std::string> FolderScan::list() const {
  std::vector<std::string> found;
  for (const std::string& input : inputs_) {
    const fs::path path(input);
    std::error_code code;
    if (fs::is_directory(path, code)) {
      add_files(path, {"*.uvh5", "*.hdf5", "*.h5"}, found);
    } else if (fs::exists(path, code)) {
      found.push_back(input);
    } else {
      const std::string pattern = path.filename().string();
      add_files(path.has_parent_path() ? path.parent_path() : ".", {pattern.c_str()}, found);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool FolderScan::wanted_by_name(const std::string& path) const {
  const auto time = parse_subband_name(path).time_s;
  if (!time) return true;
  TimeWindow wide = window_;
  if (wide.from_s) *wide.from_s -= tolerance_s_;
  if (wide.until_s) *wide.until_s += tolerance_s_;
  return wide.holds(*time);
}

std::vector<ScannedFile> FolderScan::look(const PipelineContext& ctx) {
  std::map<std::string, ScannedFile> seen;
  std::vector<ScannedFile> files;
  for (const std::string& path : list()) {
    ctx.throw_if_stopped();
    struct stat about {};
    // Moved away since it was listed, or no file.
    if (!wanted_by_name(path) || ::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) {
      continue;
    }
    ScannedFile file;
    file.path = path;
    file.bytes = static_cast<std::uintmax_t>(about.st_size);
    file.modified_s = unix_time(about.st_mtim);
    const auto old = known_.find(path);
    const bool same = old != known_.end() && old->second.bytes == file.bytes &&
                      old->second.modified_s == file.modified_s && old->second.problem.empty();
    if (same) {
      file = old->second;
    } else if (!parse_subband_name(path).incomplete) {
      read_header(file);
    }
    seen[path] = file;
    const bool wanted = !file.facts || window_.holds((file.facts->start_jd - 2440587.5) * 86400);
    if (wanted) files.push_back(std::move(file));
  }
  known_ = std::move(seen);
  return files;
}

}  // namespace skymill::radio
