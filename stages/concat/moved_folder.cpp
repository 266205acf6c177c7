// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fcntl.h>
#include <stages/concat/moved_folder.h>
#include <stages/ms/image_concat.h>
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
const char* const kMoving = ".moving";

bool is_link(const fs::path& path) {
  std::error_code code;
  return fs::is_symlink(fs::symlink_status(path, code));
}

bool is_folder(const fs::path& path) {
  std::error_code code;
  return fs::symlink_status(path, code).type() == fs::file_type::directory;
}

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
  if (::rename(from.c_str(), (to + kMoving).c_str()) != 0) refuse_move(from, to);
  finish_move({to, to});
}

bool move_back(const std::string& from, const std::string& to) noexcept {
  const std::string now = is_folder(to + kMoving) ? to + kMoving : to;
  if (!is_folder(now)) return true;
  if (is_link(from)) ::unlink(from.c_str());
  return ::rename(now.c_str(), from.c_str()) == 0;
}

void remove_empty_link(const std::string& from) noexcept {
  std::error_code code;
  if (is_link(from) && fs::read_symlink(from, code) == from) ::unlink(from.c_str());
}

std::vector<Move> unfinished_moves(const std::string& cube) {
  if (!is_image_concat(cube)) return {};
  bool ended = false;
  for (const auto& entry : fs::directory_iterator(cube)) {
    ended = ended || entry.is_symlink() || entry.path().extension() == kMoving;
  }
  if (!ended) return {};
  std::vector<Move> moves;
  for (const std::string& member : read_image_concat(cube, cube).images) {
    const std::string to = (fs::absolute(cube) / fs::path(member).filename()).string();
    if (is_folder(to + kMoving)) {
      moves.push_back({to, to});
    } else if (is_link(to)) {
      moves.push_back({fs::read_symlink(to).string(), to});
    } else if (!is_folder(to)) {
      moves.push_back({member, to});
    }
  }
  return moves;
}

void finish_move(const Move& move) {
  if (move.from == move.to) {
    ::unlink(move.to.c_str());  // the link, where it still is
    if (::rename((move.to + kMoving).c_str(), move.to.c_str()) != 0) {
      refuse_move(move.to + kMoving, move.to);
    }
    return;
  }
  move_over_link(move.from, move.to);
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
