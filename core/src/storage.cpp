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
#include <filesystem>
#include <optional>

#include "draft_lock.h"
#include "durable.h"
#include "verified_copy.h"

namespace fs = std::filesystem;

namespace skymill {

struct Draft::Impl {
  std::string final_path;
  std::string beside;  ///< `<final path>.partial`
  std::string path;    ///< where it is written: the same, or in the space
  std::string lock_path;
  std::optional<Space> space;
  std::function<void()> between;
  bool overwrite = false;
  bool published = false;
  bool kept = false;
  int lock = -1;

  ~Impl() {
    if (lock < 0) return;
    // The lock file of a draft that is kept shows `skymill clean` whose it is.
    if (!kept || published) {
      std::error_code ignored;
      if (!published) fs::remove_all(beside, ignored);
      ::unlink(lock_path.c_str());
    }
    ::close(lock);
  }

  fs::path folder() const {
    const fs::path parent = fs::path(final_path).parent_path();
    return parent.empty() ? fs::path(".") : parent;
  }

  void begin();
  void remove_leftover();
  void take_lock();
  void refuse_what_appeared() const;
  bool is_on_another_device() const;
  void bring_beside();
  bool rename_to_final(const std::string& from);
};

void Draft::Impl::take_lock() {
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

void Draft::Impl::begin() {
  while (final_path.size() > 1 && final_path.back() == '/') final_path.pop_back();
  const fs::path target(final_path);
  beside = final_path + ".partial";
  path = space ? space->path() + "/" + target.filename().string() : beside;
  lock_path = draft_lock_path(final_path);
  if (!overwrite && fs::exists(fs::symlink_status(target))) {
    throw Error(ErrorKind::failed, "'" + final_path + "' exists already",
                "remove it, choose another output, or set overwrite to true");
  }
  std::error_code code;
  fs::create_directories(folder(), code);
  if (code) {
    throw Error(ErrorKind::failed,
                "cannot make the folder '" + folder().string() + "': " + code.message(),
                "choose another place, or make its folder writable");
  }
  take_lock();
}

void Draft::Impl::remove_leftover() {
  std::error_code code;
  fs::remove_all(beside, code);
  if (code) {
    throw Error(ErrorKind::failed,
                "cannot remove '" + beside + "', left over from an earlier run: " + code.message());
  }
}

void Draft::Impl::refuse_what_appeared() const {
  if (overwrite || !fs::exists(fs::symlink_status(final_path))) return;
  throw Error(ErrorKind::failed, "'" + final_path + "' has appeared while it was being made",
              "move it away and run again");
}

bool Draft::Impl::is_on_another_device() const {
  struct stat here {};
  struct stat there {};
  if (::stat(space->path().c_str(), &here) != 0) refuse("cannot look at '" + space->path() + "'");
  if (::stat(folder().c_str(), &there) != 0) refuse("cannot look at '" + folder().string() + "'");
  return here.st_dev != there.st_dev;
}

/// Copies the draft from its tier to a draft beside the final place.
void Draft::Impl::bring_beside() {
  require_space(folder().string(), filled_bytes(path), "publishing '" + final_path + "'");
  try {
    verified_copy(path, beside, between);
  } catch (const Error& error) {
    throw error.within("publishing '" + final_path + "' from tier '" + space->tier() + "'");
  }
}

/// @return false when `from` turns out to be on another file system, with nothing changed
bool Draft::Impl::rename_to_final(const std::string& from) {
  const char* to = final_path.c_str();
  const bool exists = fs::exists(fs::symlink_status(final_path));
  const unsigned how = exists ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to, how) != 0) {
    if (errno == EXDEV && from != beside) return false;
    if (errno != EINVAL && errno != ENOSYS) refuse("cannot publish '" + final_path + "'");
    // This file system knows neither flag: move the old product aside first.
    const std::string aside = final_path + ".replaced";
    if (exists && ::rename(to, aside.c_str()) != 0) refuse("cannot move '" + aside + "' aside");
    if (::rename(from.c_str(), to) != 0) refuse("cannot publish '" + final_path + "'");
    if (exists) fs::remove_all(aside);
  } else if (exists) {
    fs::remove_all(from);
  }
  return true;
}

Draft::Draft(std::string final_path, bool overwrite) : impl_(std::make_unique<Impl>()) {
  impl_->final_path = std::move(final_path);
  impl_->overwrite = overwrite;
  impl_->begin();
  impl_->remove_leftover();
}

Draft::Draft(std::string final_path, bool overwrite, Space space, std::function<void()> between)
    : impl_(std::make_unique<Impl>()) {
  impl_->final_path = std::move(final_path);
  impl_->overwrite = overwrite;
  impl_->space = std::move(space);
  impl_->between = std::move(between);
  impl_->begin();
  impl_->remove_leftover();
}

Draft Draft::take_up(std::string final_path, bool overwrite) {
  auto impl = std::make_unique<Impl>();
  impl->final_path = std::move(final_path);
  impl->overwrite = overwrite;
  impl->kept = true;
  impl->begin();
  if (!fs::exists(fs::symlink_status(impl->beside))) {
    impl->kept = false;
    throw Error(ErrorKind::failed, "there is no '" + impl->beside + "' to go on with");
  }
  return Draft(std::move(impl));
}

Draft::Draft(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Draft::~Draft() = default;
Draft::Draft(Draft&&) noexcept = default;
Draft& Draft::operator=(Draft&&) noexcept = default;

const std::string& Draft::path() const { return impl_->path; }
const std::string& Draft::final_path() const { return impl_->final_path; }

void Draft::keep() { impl_->kept = true; }

void Draft::check_space() const {
  if (impl_->space) impl_->space->check();
}

void Draft::publish() {
  Impl& draft = *impl_;
  draft.refuse_what_appeared();
  check_space();
  bool renamed = false;
  if (!draft.space || !draft.is_on_another_device()) {
    fsync_tree(draft.path);
    renamed = draft.rename_to_final(draft.path);
  }
  if (!renamed) {
    draft.bring_beside();
    draft.refuse_what_appeared();
    draft.rename_to_final(draft.beside);
  }
  draft.published = true;
  fsync_path(draft.folder());
  draft.space.reset();
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
  std::error_code code;  // what cannot be looked at, such as a link to itself, has no bytes
  if (!fs::is_directory(path, code)) {
    const std::uintmax_t bytes = fs::file_size(path, code);
    return code ? 0 : bytes;
  }
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
