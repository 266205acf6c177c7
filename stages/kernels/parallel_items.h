// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>

namespace skymill::kernels {

/// Calls item(k) for every k in [0, n), in no fixed order, in at most `threads` threads; for items
/// of unequal cost that do not depend on each other. What an item throws, this throws.
void parallel_items(std::size_t n, std::size_t threads,
                    const std::function<void(std::size_t)>& item);

}  // namespace skymill::kernels
