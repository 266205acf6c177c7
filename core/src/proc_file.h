// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "profile.h"

namespace skymill {

/// A file of /proc that is kept open and read again and again. One that cannot be opened is empty.
class ProcFile {
 public:
  explicit ProcFile(const std::string& path);
  ~ProcFile();
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  /// Bytes that the calling thread reads from such files are added here from now on: the kernel
  /// counts them among the thread's own, but they are nobody's work.
  static void count_own_reads(std::atomic<std::int64_t>& bytes);

  template <std::size_t N>
  void read(char (&text)[N]) const {
    read(text, N);
  }
  /// Of a file `io`.
  ProfileBytes bytes() const;
  /// The number after a name, 0 when the name is not there.
  static std::int64_t figure(const char* text, const char* name);

 private:
  void read(char* text, std::size_t size) const;

  int file_;
};

}  // namespace skymill
