// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <atomic>
#include <cstddef>

namespace skymill::testing {

/// What a test program holds that was made with `new`. It counts where `core/count_heap.h` is
/// included in one source of the program, as in the tests that `skymill_add_plugin_tests` makes.
struct HeapMeter {
  std::atomic<bool> counts{false};
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> peak{0};

  void take(std::size_t more) {
    const std::size_t now = bytes.fetch_add(more, std::memory_order_relaxed) + more;
    std::size_t most = peak.load(std::memory_order_relaxed);
    while (now > most && !peak.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
    }
  }
  void give_back(std::size_t less) { bytes.fetch_sub(less, std::memory_order_relaxed); }
};

/// The one of this process.
SKYMILL_API HeapMeter& heap_meter();

/// What `core/count_heap.h` makes of `new` and `delete`.
/// @throws std::bad_alloc
SKYMILL_API void* counted_new(std::size_t bytes);
SKYMILL_API void* counted_new(std::size_t bytes, std::size_t alignment);
SKYMILL_API void counted_delete(void* place) noexcept;

}  // namespace skymill::testing
