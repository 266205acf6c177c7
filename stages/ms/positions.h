// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/casa/Arrays/IPosition.h>

#include <cstddef>
#include <initializer_list>

namespace skymill::radio::wall {

/// casacore's shape or place in an array from counts of ours.
inline casacore::IPosition position(std::initializer_list<std::size_t> values) {
  casacore::IPosition result(static_cast<casacore::uInt>(values.size()));
  casacore::uInt i = 0;
  for (const std::size_t value : values) result[i++] = static_cast<ssize_t>(value);
  return result;
}

}  // namespace skymill::radio::wall
