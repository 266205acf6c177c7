// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/storage.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace skymill::radio {

/// Flags in bits in a temporary file, so that memory does not grow with the observation: an eighth
/// of a byte for what takes eight bytes and more as a visibility. One thread appends; then many may
/// read at once. A disk that is full or fails throws Error (resources or failed).
class FlagBits {
 public:
  explicit FlagBits(std::shared_ptr<const ScratchFolder> folder);
  ~FlagBits();
  FlagBits(const FlagBits&) = delete;
  FlagBits& operator=(const FlagBits&) = delete;

  /// @return where the bytes begin
  std::size_t append(const std::uint8_t* bytes, std::size_t count);
  void read(std::size_t first, std::size_t count, std::uint8_t* bytes) const;

 private:
  std::shared_ptr<const ScratchFolder> folder_;
  std::string path_;
  int file_ = -1;
  std::size_t end_ = 0;
};

}  // namespace skymill::radio
