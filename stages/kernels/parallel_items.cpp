// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/parallel_items.h>
#include <stages/kernels/parallel_ranges.h>

namespace skymill::kernels {

void parallel_items(std::size_t n, std::size_t threads,
                    const std::function<void(std::size_t)>& item) {
  parallel_each(n, threads, item);
}

}  // namespace skymill::kernels
