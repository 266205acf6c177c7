// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <core/export.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace skymill {

/// A file in which several threads write parts at once, each in its place. What nobody writes is a
/// hole: it takes no room and reads as zeros.
///
/// Failures throw Error that names the file: kind `resources` when there is no room or a limit of
/// file sizes is reached, else `failed`. After a failed write none succeeds, nor does `sync`.
class SKYMILL_API PlacedFile {
 public:
  /// Makes a file that must not exist.
  static PlacedFile create(const std::string& path);
  /// Opens a file that exists, for writing.
  static PlacedFile open(const std::string& path);
  ~PlacedFile();
  PlacedFile(PlacedFile&& other) noexcept;
  PlacedFile& operator=(PlacedFile&& other) noexcept;

  const std::string& path() const { return path_; }

  /// Gives the file its length; what is new is a hole.
  void resize(std::uint64_t bytes) const;
  /// Writes all bytes at this place; a file that is shorter grows.
  void write(std::uint64_t at, const void* data, std::size_t bytes) const;
  /// Asks the system to bring these bytes to the disk already; not waited for.
  void begin_writeback(std::uint64_t at, std::uint64_t bytes) const;
  /// Makes all that was written durable.
  void sync() const;

 private:
  PlacedFile(std::string path, int flags);
  [[noreturn]] void fail(const std::string& doing) const;
  void refuse_after_failure() const;

  std::string path_;
  int descriptor_ = -1;
  mutable std::atomic<bool> failed_ = false;
};

}  // namespace skymill
