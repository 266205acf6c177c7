// SPDX-License-Identifier: GPL-3.0-or-later
#include "durable.h"

#include <core/error.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fs = std::filesystem;

namespace skymill {

void refuse(const std::string& what) {
  const int code = errno;
  const bool is_full = code == ENOSPC || code == EDQUOT;
  const bool is_forbidden = code == EACCES || code == EPERM || code == EROFS;
  throw Error(is_full ? ErrorKind::resources : ErrorKind::failed, what + ": " + std::strerror(code),
              is_full        ? "make room on its disk, or choose another place"
              : is_forbidden ? "choose another place, or make this one writable"
                             : "");
}

void fsync_path(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) refuse("cannot open '" + path.string() + "' to make it durable");
  const int result = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  errno = code;
  if (result != 0) refuse("cannot make '" + path.string() + "' durable");
}

void fsync_tree(const fs::path& path) {
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::recursive_directory_iterator(path)) fsync_path(entry.path());
  }
  fsync_path(path);
}

namespace {

std::size_t filled_by(const fs::path& file) {
  struct stat info {};
  if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  return std::min(static_cast<std::size_t>(info.st_size),
                  static_cast<std::size_t>(info.st_blocks) * 512);
}

}  // namespace

std::size_t filled_bytes(const fs::path& path) {
  std::size_t bytes = filled_by(path);
  std::error_code code;
  fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, code);
  while (!code && entry != fs::recursive_directory_iterator()) {
    bytes += filled_by(entry->path());
    entry.increment(code);
  }
  return bytes;
}

}  // namespace skymill
