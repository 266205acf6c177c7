// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/huge_pages.h>
#include <sys/mman.h>

#include <cstdint>

namespace skymill::kernels {

void prefer_huge_pages(void* memory, std::size_t bytes) {
  constexpr std::uintptr_t kHuge = std::uintptr_t{1} << 21;
  const std::uintptr_t from = (reinterpret_cast<std::uintptr_t>(memory) + kHuge - 1) & ~(kHuge - 1);
  const std::uintptr_t to = (reinterpret_cast<std::uintptr_t>(memory) + bytes) & ~(kHuge - 1);
#ifdef MADV_HUGEPAGE
  if (from < to) {
    // A refusal leaves small pages, which serve as well.
    static_cast<void>(madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE));
  }
#endif
}

}  // namespace skymill::kernels
