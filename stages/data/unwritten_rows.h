// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <vector>

namespace skymill::radio {

/// Which rows of a cube in a file full of holes are holes still. Rows of zeros need not be written
/// there: a hole reads as zeros and takes no room. Most rows of models and masks are zero.
class UnwrittenRows {
 public:
  explicit UnwrittenRows(std::size_t rows) : written_(rows) {}

  /// No row counts as a hole any more: what an earlier run has left is not known.
  void forget() {
    for (std::atomic<bool>& row : written_) row = true;
  }

  /// Whether rows [first, first + rows) must be written to hold these pixels: not when all of them
  /// are holes and every bit of the pixels is 0. Rows that must are counted as written from now
  /// on. Safe for concurrent calls with different rows.
  /// @param pixels [rows][nx]
  bool must_write(std::size_t first, std::size_t rows, std::size_t nx, const float* pixels) {
    bool touched = !all_bits_zero(pixels, rows * nx);
    for (std::size_t row = first; row < first + rows && !touched; ++row) {
      touched = written_[row].load(std::memory_order_relaxed);
    }
    for (std::size_t row = first; row < first + rows && touched; ++row) {
      written_[row].store(true, std::memory_order_relaxed);
    }
    return touched;
  }

 private:
  /// Compares every byte with the one before it.
  static bool all_bits_zero(const float* pixels, std::size_t count) {
    const char* bytes = reinterpret_cast<const char*>(pixels);
    const std::size_t size = count * sizeof(float);
    return size == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, size - 1) == 0);
  }

  std::vector<std::atomic<bool>> written_;
};

}  // namespace skymill::radio
