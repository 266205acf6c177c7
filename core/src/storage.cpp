// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace fs = std::filesystem;

namespace skymill {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  const int code = errno;
  throw Error(code == ENOSPC ? ErrorKind::resources : ErrorKind::failed,
              what + ": " + std::strerror(code));
}

void fsync_path(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) refuse("cannot open '" + path.string() + "' to make it durable");
  const int result = ::fsync(fd);
  ::close(fd);
  if (result != 0) refuse("cannot make '" + path.string() + "' durable");
}

void fsync_tree(const fs::path& path) {
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::recursive_directory_iterator(path)) fsync_path(entry.path());
  }
  fsync_path(path);
}

}  // namespace

struct Draft::Impl {
  std::string final_path;
  std::string path;
  std::string lock_path;
  bool overwrite = false;
  bool published = false;
  int lock = -1;

  ~Impl() {
    std::error_code ignored;
    if (!published && lock >= 0) fs::remove_all(path, ignored);
    if (lock >= 0) {
      ::unlink(lock_path.c_str());
      ::close(lock);
    }
  }

  void take_lock() {
    lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0) {
      refuse("cannot write into '" + fs::path(lock_path).parent_path().string() + "'");
    }
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
      ::close(lock);
      lock = -1;
      throw Error(ErrorKind::failed, "another run is writing '" + final_path + "'",
                  "wait for it, or choose another output");
    }
    // The holder before us may have removed the file between our open and our lock.
    struct stat held {};
    struct stat named {};
    if (::fstat(lock, &held) != 0 || ::stat(lock_path.c_str(), &named) != 0 ||
        held.st_ino != named.st_ino) {
      ::close(lock);
      lock = -1;
      take_lock();
    }
  }
};

Draft::Draft(std::string final_path, bool overwrite) : impl_(std::make_unique<Impl>()) {
  while (final_path.size() > 1 && final_path.back() == '/') final_path.pop_back();
  const fs::path target(final_path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  impl_->final_path = final_path;
  impl_->overwrite = overwrite;
  impl_->path = final_path + ".partial";
  impl_->lock_path = (folder / ("." + target.filename().string() + ".lock")).string();
  if (!overwrite && fs::exists(fs::symlink_status(target))) {
    throw Error(ErrorKind::failed, "'" + final_path + "' exists already",
                "remove it, choose another output, or set overwrite to true");
  }
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) {
    throw Error(ErrorKind::failed,
                "cannot make the folder '" + folder.string() + "': " + code.message());
  }
  impl_->take_lock();
  fs::remove_all(impl_->path, code);
  if (code) {
    throw Error(ErrorKind::failed, "cannot remove '" + impl_->path +
                                       "', left over from an earlier run: " + code.message());
  }
}

Draft::~Draft() = default;
Draft::Draft(Draft&&) noexcept = default;
Draft& Draft::operator=(Draft&&) noexcept = default;

const std::string& Draft::path() const { return impl_->path; }
const std::string& Draft::final_path() const { return impl_->final_path; }

void Draft::publish() {
  fsync_tree(impl_->path);
  const char* from = impl_->path.c_str();
  const char* to = impl_->final_path.c_str();
  const bool exists = fs::exists(fs::symlink_status(impl_->final_path));
  if (exists && !impl_->overwrite) {
    throw Error(ErrorKind::failed,
                "'" + impl_->final_path + "' has appeared while it was being made",
                "move it away and run again");
  }
  const unsigned how = exists ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, how) != 0) {
    if (errno != EINVAL && errno != ENOSYS) refuse("cannot publish '" + impl_->final_path + "'");
    // This file system knows neither flag: move the old product aside first.
    const std::string aside = impl_->final_path + ".replaced";
    if (exists && ::rename(to, aside.c_str()) != 0) refuse("cannot move '" + aside + "' aside");
    if (::rename(from, to) != 0) refuse("cannot publish '" + impl_->final_path + "'");
    if (exists) fs::remove_all(aside);
  } else if (exists) {
    fs::remove_all(impl_->path);
  }
  impl_->published = true;
  const fs::path folder = fs::path(impl_->final_path).parent_path();
  fsync_path(folder.empty() ? fs::path(".") : folder);
}

void require_space(const std::string& path, std::size_t bytes, const std::string& what) {
  fs::path folder = fs::absolute(path);
  while (!fs::is_directory(folder) && folder.has_relative_path()) folder = folder.parent_path();
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0) {
    refuse("cannot ask '" + folder.string() + "' for its free space");
  }
  const std::size_t free = static_cast<std::size_t>(space.f_bavail) * space.f_frsize;
  if (bytes > free) {
    throw Error(ErrorKind::resources,
                what + " needs " + format_quantity(static_cast<double>(bytes), "B") + " below '" +
                    folder.string() + "', where " +
                    format_quantity(static_cast<double>(free), "B") + " are free",
                "free some space or choose another output");
  }
}

std::size_t bytes_on_disk(const std::string& path) {
  if (!fs::is_directory(path)) return fs::exists(path) ? fs::file_size(path) : 0;
  std::size_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

Scratch::Scratch(const std::string& root, const std::string& purpose) {
  std::string pattern = root + "/skymill-" + purpose + "-XXXXXX";
  if (!::mkdtemp(pattern.data())) refuse("cannot make a temporary folder below '" + root + "'");
  path_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace skymill
