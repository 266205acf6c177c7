// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace skymill {

/// What is written for every chunk keeps away from what all threads read.
inline constexpr std::size_t kCacheLine = 64;

}  // namespace skymill
