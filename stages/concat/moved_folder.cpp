// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fcntl.h>
#include <stages/concat/moved_folder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace fs = std::filesystem;

namespace skymill::radio {

namespace {

const char* const kMoveHint = "use mode: paged or virtual";

[[noreturn]] void refuse_move(const std::string& from, const std::string& to) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  throw Error(full ? ErrorKind::resources : ErrorKind::failed,
              "cannot move '" + from + "' to '" + to + "': " + std::strerror(code), kMoveHint);
}

}  // namespace

void lead_to_folder(const std::string& from, const std::string& to) {
  if (::symlink(from.c_str(), to.c_str()) != 0) refuse_move(from, to);
}

void move_over_link(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
    ::unlink(from.c_str());  // the link; it leads nowhere should it stay
    return;
  }
  if (errno != EINVAL && errno != ENOSYS) refuse_move(from, to);
  if (::unlink(to.c_str()) != 0) refuse_move(from, to);
  if (::rename(from.c_str(), to.c_str()) == 0) return;
  const int code = errno;
  lead_to_folder(from, to);
  errno = code;
  refuse_move(from, to);
}

bool move_back(const std::string& from, const std::string& to) noexcept {
  std::error_code code;
  const fs::file_type moved = fs::symlink_status(to, code).type();
  if (moved != fs::file_type::directory) return true;
  if (fs::is_symlink(fs::symlink_status(from, code))) ::unlink(from.c_str());
  return ::rename(to.c_str(), from.c_str()) == 0;
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
