// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/parallel_items.h>
#include <stages/kernels/parallel_ranges.h>
#include <tbb/task_arena.h>

namespace skymill::kernels {

void parallel_items(std::size_t n, std::size_t threads,
                    const std::function<void(std::size_t)>& item) {
  parallel_each(n, threads, [&](std::size_t k) {
    // While an item waits for its own parts, its thread must not begin another one.
    tbb::this_task_arena::isolate([&] { item(k); });
  });
}

}  // namespace skymill::kernels
