// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/heap_meter.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace skymill::testing {

namespace {

void* counted(void* place) {
  if (!place) throw std::bad_alloc();
  heap_meter().take(malloc_usable_size(place));
  return place;
}

}  // namespace

HeapMeter& heap_meter() {
  static HeapMeter meter;
  return meter;
}

void* counted_new(std::size_t bytes) {
  heap_meter().counts = true;
  return counted(std::malloc(std::max<std::size_t>(bytes, 1)));
}

void* counted_new(std::size_t bytes, std::size_t alignment) {
  const std::size_t whole = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment;
  return counted(std::aligned_alloc(alignment, whole * alignment));
}

void counted_delete(void* place) noexcept {
  if (!place) return;
  heap_meter().give_back(malloc_usable_size(place));
  std::free(place);
}

}  // namespace skymill::testing
