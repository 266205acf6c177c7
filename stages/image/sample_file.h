// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace skymill::radio {

/// How samples stand in a scratch file.
enum class SampleCoding { kPlain, kLz4 };

/// Samples of many planes in one scratch file, plane after plane: written in stretches as rows
/// come, read back plane by plane. Twelve bytes a sample: visibility and weight.
///
/// Writing is for one thread; reading and releasing of different planes may go on at once. A disk
/// that is full or fails throws Error (resources or failed) naming the file.
class SampleFile {
 public:
  /// @param samples of every plane
  SampleFile(const std::string& path, const std::vector<std::size_t>& samples, SampleCoding coding);
  ~SampleFile();
  SampleFile(const SampleFile&) = delete;
  SampleFile& operator=(const SampleFile&) = delete;

  /// Writes samples [first, first + count) of a plane. What is never written reads as weight 0.
  void write(std::size_t plane, std::size_t first, const std::complex<float>* vis,
             const float* weight, std::size_t count);

  /// Reads all samples of a plane.
  void read(std::size_t plane, std::complex<float>* vis, float* weight) const;

  /// Gives the plane's part of the file back to the file system, where that can be done.
  void release(std::size_t plane);

  std::size_t bytes_written() const { return written_; }
  /// Bytes read since this was last asked.
  std::size_t take_bytes_read() { return read_.exchange(0); }

 private:
  struct Stretch {
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t offset = 0;
    std::uint32_t vis_bytes = 0;  ///< as they stand in the file
    std::uint32_t weight_bytes = 0;
  };
  struct PlaneOfFile {
    std::size_t samples = 0;
    std::size_t offset = 0;  ///< plain: of the visibilities; weights follow
    std::vector<Stretch> stretches;
  };

  void put(const void* data, std::size_t bytes, std::size_t offset);
  void get(void* data, std::size_t bytes, std::size_t offset) const;
  void punch(std::size_t offset, std::size_t bytes) const;

  std::string path_;
  SampleCoding coding_;
  int file_ = -1;
  std::vector<PlaneOfFile> planes_;
  std::size_t end_ = 0;  ///< lz4: where the next stretch goes
  std::vector<char> packed_;
  std::size_t written_ = 0;
  mutable std::atomic<std::size_t> read_{0};
};

}  // namespace skymill::radio
