// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace skymill::kernels {

/// Side of the padded grid for an image side of n pixels: the smallest even number of the form
/// 2^a 3^b 5^c above trunc(1.2 n - 0.5). Throws std::invalid_argument when n is 0. imaging.md 2.6.
std::size_t padded_size(std::size_t n);

/// The smallest even 2^a 3^b 5^c that is at least `least`; for transforms of any length.
std::size_t smooth_even_size(std::size_t least);

}  // namespace skymill::kernels
