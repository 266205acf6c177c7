// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fcntl.h>
#include <stages/flags/flag_bits.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace skymill::radio {

namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT;
  throw Error(full ? ErrorKind::resources : ErrorKind::failed,
              "the scratch file '" + path + "' cannot be " + what + ": " + std::strerror(code),
              full ? "choose another tier, or make room" : "");
}

}  // namespace

FlagBits::FlagBits(std::shared_ptr<const ScratchFolder> folder)
    : folder_(std::move(folder)), path_(folder_->path() + "/found.bits") {
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file_ < 0) fail("made", path_, errno);
}

FlagBits::~FlagBits() {
  close(file_);
  unlink(path_.c_str());
}

std::size_t FlagBits::append(const std::uint8_t* bytes, std::size_t count) {
  const std::size_t first = end_;
  while (count > 0) {
    const ssize_t done = pwrite(file_, bytes, count, static_cast<off_t>(end_));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail("written", path_, done == 0 ? ENOSPC : errno);
    bytes += done;
    count -= static_cast<std::size_t>(done);
    end_ += static_cast<std::size_t>(done);
  }
  return first;
}

void FlagBits::read(std::size_t first, std::size_t count, std::uint8_t* bytes) const {
  while (count > 0) {
    const ssize_t done = pread(file_, bytes, count, static_cast<off_t>(first));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail("read", path_, done == 0 ? EIO : errno);
    bytes += done;
    count -= static_cast<std::size_t>(done);
    first += static_cast<std::size_t>(done);
  }
}

}  // namespace skymill::radio
