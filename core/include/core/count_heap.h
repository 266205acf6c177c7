// SPDX-License-Identifier: GPL-3.0-or-later
// Include it in exactly one source of a test program: `new` and `delete` of the whole program, its
// libraries too, then tell the heap meter. Under a sanitizer, which has its own, nothing is
// counted.
#pragma once

#include <core/heap_meter.h>

#include <cstddef>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t bytes) { return skymill::testing::counted_new(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return skymill::testing::counted_new(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* place) noexcept { skymill::testing::counted_delete(place); }
void operator delete(void* place, std::size_t) noexcept { skymill::testing::counted_delete(place); }
void operator delete(void* place, std::align_val_t) noexcept {
  skymill::testing::counted_delete(place);
}
void operator delete(void* place, std::size_t, std::align_val_t) noexcept {
  skymill::testing::counted_delete(place);
}
#endif
