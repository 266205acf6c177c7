// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fcntl.h>
#include <stages/concat/linked_folder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace fs = std::filesystem;

namespace skymill::radio {

namespace {

const char* const kMoveHint =
    "moving needs hard links within one file system; use mode: paged or virtual";

void link_file(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return;
  const int code = errno;
  const std::string what =
      "cannot link '" + from.string() + "' to '" + to.string() + "': " + std::strerror(code);
  if (code == ENOSPC || code == EDQUOT) {
    throw Error(ErrorKind::resources, what, "free some space or choose another output");
  }
  throw Error(ErrorKind::failed, what, kMoveHint);
}

}  // namespace

void link_folder(const std::string& from, const std::string& to) {
  try {
    fs::create_directory(to, from);
    for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
      const fs::path target = fs::path(to) / entry.path().filename();
      if (entry.is_directory() && !entry.is_symlink()) {
        link_folder(entry.path().string(), target.string());
      } else {
        link_file(entry.path(), target);
      }
    }
  } catch (const fs::filesystem_error& problem) {
    const bool full = problem.code() == std::errc::no_space_on_device;
    throw Error(full ? ErrorKind::resources : ErrorKind::failed,
                "cannot move '" + from + "' to '" + to + "': " + problem.code().message());
  }
}

void require_same_disk(const std::string& from, const std::string& to) {
  struct stat here {};
  struct stat there {};
  const std::string folder = fs::absolute(to).parent_path().string();
  if (::stat(from.c_str(), &here) == 0 && ::stat(folder.c_str(), &there) == 0 &&
      here.st_dev == there.st_dev) {
    return;
  }
  throw Error(ErrorKind::failed, "'" + from + "' and '" + folder + "' are not on one file system",
              kMoveHint);
}

void make_durable(const std::string& path) {
  const int handle = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int result = handle < 0 ? -1 : ::fsync(handle);
  const int code = errno;
  if (handle >= 0) ::close(handle);
  if (result == 0) return;
  throw Error(ErrorKind::failed, "cannot make '" + path + "' durable: " + std::strerror(code));
}

}  // namespace skymill::radio
