// SPDX-License-Identifier: GPL-3.0-or-later
#include "raw_file.h"

#include <core/error.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace skymill::radio::hdf5 {

ReadCounts& ReadCounts::operator+=(const ReadCounts& other) {
  data_bytes += other.data_bytes;
  index_bytes += other.index_bytes;
  chunks += other.chunks;
  calls += other.calls;
  return *this;
}

void DatasetName::damaged(const std::string& what) const {
  throw Error(ErrorKind::input, "'" + path + "' has a damaged '" + name + "': " + what,
              "the file may be damaged or not fully copied; fetch it again");
}

RawFile::RawFile(const std::string& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat facts {};
  if (descriptor_ >= 0 && ::fstat(descriptor_, &facts) == 0) {
    size_ = static_cast<std::uint64_t>(facts.st_size);
    return;
  }
  const std::string reason = std::strerror(errno);
  if (descriptor_ >= 0) ::close(descriptor_);
  throw Error(ErrorKind::input, "'" + path + "' cannot be read: " + reason);
}

RawFile::~RawFile() { ::close(descriptor_); }

void RawFile::read(std::uint64_t at, std::size_t bytes, void* into, const DatasetName& of) const {
  if (!holds(at, bytes)) {
    of.damaged(std::to_string(bytes) + " bytes at " + std::to_string(at) +
               " lie outside the file, which has " + std::to_string(size_));
  }
  auto* to = static_cast<char*>(into);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, to, bytes, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) of.damaged("byte " + std::to_string(at) + ": " + std::strerror(errno));
    if (got == 0) of.damaged("the file ends at byte " + std::to_string(at));
    to += got;
    at += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
}

void RawFile::announce(std::uint64_t at, std::uint64_t bytes) const {
  // Advice only: a file system that does not heed it is read all the same.
  ::posix_fadvise(descriptor_, static_cast<off_t>(at), static_cast<off_t>(bytes),
                  POSIX_FADV_WILLNEED);
}

}  // namespace skymill::radio::hdf5
