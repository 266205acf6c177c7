// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cache_line.h"

namespace skymill {

/// Which chunks of a pass are timed: all, unless a chunk takes so little that the clocks would be a
/// good part of it. Then one in about sixty stands for the others, and all again for a while
/// after one that took longer.
class alignas(kCacheLine) Pace {
 public:
  explicit Pace(bool all) : is_always_(all) {}

  /// For chunk after chunk, by one thread at a time.
  std::int64_t weight_of(std::size_t number) {
    if (is_always_) return 1;
    if (number < next_) return 0;
    const auto weight = static_cast<std::int64_t>(number - last_);
    last_ = number;
    random_ = random_ * 1664525U + 1013904223U;  // so that it keeps no step with the data
    const bool all = number < all_until_.load(std::memory_order_relaxed);
    next_ = number + (all ? 1 : 48 + (random_ >> 27U));
    return number == 0 ? 1 : weight;
  }
  void took(std::size_t number, std::int64_t ns) {
    if (ns >= kLong_ns) all_until_.store(number + kAfterLong, std::memory_order_relaxed);
  }

 private:
  static constexpr std::int64_t kLong_ns = 10'000;
  static constexpr std::size_t kAfterLong = 64;

  const bool is_always_;
  std::size_t next_ = 0;
  std::size_t last_ = 0;
  std::uint32_t random_ = 1;
  std::atomic<std::size_t> all_until_{64};
};

}  // namespace skymill
