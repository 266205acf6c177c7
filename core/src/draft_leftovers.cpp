// SPDX-License-Identifier: GPL-3.0-or-later
#include "draft_leftovers.h"

#include <core/error.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "draft_lock.h"
#include "durable.h"
#include "journal.h"

namespace fs = std::filesystem;

namespace skymill {

namespace {

/// A run that has begun, and has not come to write yet, holds only the journal.
bool is_in_use(const std::string& product) {
  try {
    Journal::open(product);
    return false;
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

std::vector<Leftover> clean_drafts(const std::string& folder, bool only_look) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::input, "'" + folder + "' is not a folder",
                "name the folder of products");
  }
  std::vector<Leftover> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".partial") continue;
    const fs::path product = entry.path().parent_path() / entry.path().stem();
    const std::string lock_path = draft_lock_path(product.string());
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CLOEXEC);
    if (lock < 0) continue;
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0 && !is_in_use(product.string())) {
      found.push_back({entry.path().string(), "an unfinished product that no run is writing",
                       filled_bytes(entry.path())});
      std::error_code code;
      if (!only_look) fs::remove_all(entry.path(), code);
      if (code) found.back().what += "; cannot be removed: " + code.message();
      if (!only_look && !code) {
        ::unlink(lock_path.c_str());
        ::unlink(Journal::path_of(product.string()).c_str());  // it tells of what is gone
      }
    }
    ::close(lock);
  }
  std::sort(found.begin(), found.end(),
            [](const Leftover& a, const Leftover& b) { return a.path < b.path; });
  return found;
}

std::optional<std::string> left_unfinished(const std::string& product) {
  std::error_code code;  // what cannot be looked at is refused where it is made
  if (!fs::exists(fs::symlink_status(product + ".partial", code))) return std::nullopt;
  return "an earlier run was ended and left '" + product + ".partial' unfinished";
}

}  // namespace skymill
