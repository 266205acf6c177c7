// SPDX-License-Identifier: GPL-3.0-or-later
#include "verified_copy.h"

#include <core/error.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "durable.h"

namespace fs = std::filesystem;

namespace skymill {

namespace {

/// Small enough that a block is still in the processor's cache when its checksum is taken.
constexpr std::size_t kBlockBytes = std::size_t{512} << 10;

/// What must be equal on both sides.
struct FileDigest {
  std::uint64_t bytes = 0;
  std::uint64_t xxh3 = 0;
  bool operator==(const FileDigest&) const = default;
};

class File {
 public:
  File(const fs::path& path, int flags, const char* what) : path_(path) {
    handle_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (handle_ < 0) refuse(std::string("cannot ") + what + " '" + path.string() + "'");
  }
  ~File() { ::close(handle_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int handle() const { return handle_; }

  std::size_t read(std::vector<char>& block) const {
    for (;;) {
      const ssize_t count = ::read(handle_, block.data(), block.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) refuse("cannot read '" + path_.string() + "'");
    }
  }

  void write(const char* data, std::size_t size) const {
    while (size > 0) {
      const ssize_t count = ::write(handle_, data, size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) refuse("cannot write '" + path_.string() + "'");
      data += count;
      size -= static_cast<std::size_t>(count);
    }
  }

 private:
  fs::path path_;
  int handle_ = -1;
};

class TreeCopy {
 public:
  explicit TreeCopy(const std::function<void()>& between)
      : between_(between), block_(kBlockBytes), state_(XXH3_createState(), XXH3_freeState) {}

  void copy(const fs::path& from, const fs::path& to) {
    const fs::file_status status = fs::symlink_status(from);
    if (fs::is_symlink(status)) {
      fs::copy_symlink(from, to);
    } else if (fs::is_directory(status)) {
      fs::create_directory(to, from);  // with its mode
      for (const auto& entry : fs::directory_iterator(from)) {
        copy(entry.path(), to / entry.path().filename());
      }
      folders_.push_back(to);
    } else if (fs::is_regular_file(status)) {
      copied_.push_back({from, to, copy_file(from, to)});
    } else {
      throw Error(ErrorKind::failed, "'" + from.string() + "' is neither a file nor a folder");
    }
  }

  /// All files at once, when the disk has most of them already: one by one it would wait for each.
  void make_durable() const {
    for (const Copied& file : copied_) {
      if (between_) between_();
      fsync_path(file.to);
    }
    for (const fs::path& folder : folders_) fsync_path(folder);
  }

  void verify() {
    for (const Copied& file : copied_) verify(file);
  }

 private:
  struct Copied {
    fs::path from;
    fs::path to;
    FileDigest digest;
  };

  FileDigest copy_file(const fs::path& from, const fs::path& to) {
    const File source(from, O_RDONLY, "open");
    const File copy(to, O_WRONLY | O_CREAT | O_EXCL, "make");
    off_t written = 0;
    const FileDigest made = digest(source, [&](const char* data, std::size_t size) {
      copy.write(data, size);
      // The disk begins while we go on.
      ::sync_file_range(copy.handle(), written, static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE);
      written += static_cast<off_t>(size);
    });
    struct stat info {};
    if (::fstat(source.handle(), &info) != 0 ||
        ::fchmod(copy.handle(), info.st_mode & 07777) != 0) {
      refuse("cannot set the mode of '" + to.string() + "'");
    }
    return made;
  }

  void verify(const Copied& file) {
    const File back(file.to, O_RDONLY, "read back");
    // Else the pages that were just written would be compared with themselves.
    ::posix_fadvise(back.handle(), 0, 0, POSIX_FADV_DONTNEED);
    ::posix_fadvise(back.handle(), 0, 0, POSIX_FADV_SEQUENTIAL);
    const FileDigest found = digest(back, [](const char*, std::size_t) {});
    if (found == file.digest) return;
    throw Error(ErrorKind::failed,
                "the copy '" + file.to.string() + "' differs from '" + file.from.string() +
                    "': " + std::to_string(found.bytes) + " bytes read back of " +
                    std::to_string(file.digest.bytes) + ", checksum " +
                    (found.xxh3 == file.digest.xxh3 ? "equal" : "different"),
                "the disk or the memory is faulty; check both before the next run");
  }

  template <class F>
  FileDigest digest(const File& file, F show) {
    FileDigest digest;
    XXH3_64bits_reset(state_.get());
    for (;;) {
      if (between_) between_();
      const std::size_t count = file.read(block_);
      if (count == 0) break;
      show(block_.data(), count);
      XXH3_64bits_update(state_.get(), block_.data(), count);
      digest.bytes += count;
    }
    digest.xxh3 = XXH3_64bits_digest(state_.get());
    return digest;
  }

  const std::function<void()>& between_;
  std::vector<Copied> copied_;
  std::vector<fs::path> folders_;
  std::vector<char> block_;
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

}  // namespace

void verified_copy(const std::string& from, const std::string& to,
                   const std::function<void()>& between) {
  try {
    TreeCopy copy(between);
    copy.copy(from, to);
    copy.make_durable();
    copy.verify();
  } catch (const fs::filesystem_error& problem) {
    const bool full = problem.code() == std::errc::no_space_on_device;
    throw Error(full ? ErrorKind::resources : ErrorKind::failed,
                "cannot copy '" + from + "' to '" + to + "': " + problem.what());
  }
}

}  // namespace skymill
