// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <fcntl.h>
#include <lz4.h>
#include <stages/image/sample_file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace skymill::radio {

namespace {

using Vis = std::complex<float>;

constexpr std::size_t kLargestBlock = std::size_t{1} << 26;  ///< LZ4 counts bytes in an int

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  throw Error(full ? ErrorKind::resources : ErrorKind::failed,
              "the scratch file '" + path + "' cannot be " + what + ": " + std::strerror(code),
              full ? "choose another scratch, or make room" : "");
}

/// Appends the packed bytes and returns their number.
std::uint32_t pack(const void* data, std::size_t bytes, std::vector<char>& out,
                   std::size_t offset) {
  const int bound = LZ4_compressBound(static_cast<int>(bytes));
  out.resize(offset + static_cast<std::size_t>(bound));
  return static_cast<std::uint32_t>(LZ4_compress_default(
      static_cast<const char*>(data), out.data() + offset, static_cast<int>(bytes), bound));
}

}  // namespace

SampleFile::SampleFile(const std::string& path, const std::vector<std::size_t>& samples,
                       SampleCoding coding)
    : path_(path), coding_(coding) {
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) fail("made", path_);
  std::size_t offset = 0;
  for (const std::size_t count : samples) {
    planes_.push_back({count, offset, {}});
    offset += count * (sizeof(Vis) + sizeof(float));
  }
  // Sparse: holes read as zeros, that is, as weights of samples that never came.
  if (coding_ == SampleCoding::kPlain && ftruncate(file_, static_cast<off_t>(offset)) != 0) {
    fail("made", path_);
  }
}

SampleFile::~SampleFile() {
  close(file_);
  unlink(path_.c_str());
}

void SampleFile::put(const void* data, std::size_t bytes, std::size_t offset) {
  const auto* from = static_cast<const char*>(data);
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n = pwrite(file_, from + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("written", path_);
    done += static_cast<std::size_t>(n);
  }
  written_ += bytes;
}

void SampleFile::get(void* data, std::size_t bytes, std::size_t offset) const {
  auto* to = static_cast<char*>(data);
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n = pread(file_, to + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) fail("read", path_);
    done += static_cast<std::size_t>(n);
  }
  read_ += bytes;
}

void SampleFile::write(std::size_t plane, std::size_t first, const Vis* vis, const float* weight,
                       std::size_t count) {
  PlaneOfFile& to = planes_[plane];
  if (coding_ == SampleCoding::kPlain) {
    put(vis, count * sizeof(Vis), to.offset + first * sizeof(Vis));
    put(weight, count * sizeof(float),
        to.offset + to.samples * sizeof(Vis) + first * sizeof(float));
    return;
  }
  for (std::size_t done = 0; done < count;) {
    const std::size_t n = std::min(count - done, kLargestBlock / sizeof(Vis));
    Stretch stretch{first + done, n, end_, 0, 0};
    stretch.vis_bytes = pack(vis + done, n * sizeof(Vis), packed_, 0);
    stretch.weight_bytes = pack(weight + done, n * sizeof(float), packed_, stretch.vis_bytes);
    const std::size_t bytes = std::size_t{stretch.vis_bytes} + stretch.weight_bytes;
    put(packed_.data(), bytes, end_);
    end_ += bytes;
    to.stretches.push_back(stretch);
    done += n;
  }
}

void SampleFile::read(std::size_t plane, Vis* vis, float* weight) const {
  const PlaneOfFile& from = planes_[plane];
  if (coding_ == SampleCoding::kPlain) {
    get(vis, from.samples * sizeof(Vis), from.offset);
    get(weight, from.samples * sizeof(float), from.offset + from.samples * sizeof(Vis));
    return;
  }
  std::fill_n(weight, from.samples, 0.0F);
  std::fill_n(vis, from.samples, Vis{});
  std::vector<char> packed;
  for (const Stretch& s : from.stretches) {
    packed.resize(std::size_t{s.vis_bytes} + s.weight_bytes);
    get(packed.data(), packed.size(), s.offset);
    const int v =
        LZ4_decompress_safe(packed.data(), reinterpret_cast<char*>(vis + s.first),
                            static_cast<int>(s.vis_bytes), static_cast<int>(s.count * sizeof(Vis)));
    const int w = LZ4_decompress_safe(
        packed.data() + s.vis_bytes, reinterpret_cast<char*>(weight + s.first),
        static_cast<int>(s.weight_bytes), static_cast<int>(s.count * sizeof(float)));
    if (v != static_cast<int>(s.count * sizeof(Vis)) ||
        w != static_cast<int>(s.count * sizeof(float))) {
      throw Error(ErrorKind::failed, "the scratch file '" + path_ + "' is damaged at byte " +
                                         std::to_string(s.offset));
    }
  }
}

void SampleFile::punch(std::size_t offset, std::size_t bytes) const {
#ifdef FALLOC_FL_PUNCH_HOLE
  // A file system that cannot keeps the room until the file goes.
  static_cast<void>(fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              static_cast<off_t>(offset), static_cast<off_t>(bytes)));
#endif
}

void SampleFile::release(std::size_t plane) {
  const PlaneOfFile& of = planes_[plane];
  if (coding_ == SampleCoding::kPlain) {
    punch(of.offset, of.samples * (sizeof(Vis) + sizeof(float)));
  }
  for (const Stretch& s : of.stretches) {
    punch(s.offset, std::size_t{s.vis_bytes} + s.weight_bytes);
  }
}

}  // namespace skymill::radio
