// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace skymill::radio::hdf5 {

/// Undoes HDF5's shuffle filter: bytes of equal place in their cells stood together. What is left
/// over after the last whole cell is copied.
void unshuffle_bytes(const std::uint8_t* from, std::size_t bytes, std::size_t cell_bytes,
                     std::uint8_t* into);

/// Undoes a bit shuffle of `cells` cells, a multiple of 8: for each byte of a cell and each bit of
/// it, the lowest first, the bits of all cells stood together, those of the first in the lowest
/// bit of a byte.
void unshuffle_bits(const std::uint8_t* from, std::size_t cells, std::size_t cell_bytes,
                    std::uint8_t* into);

}  // namespace skymill::radio::hdf5
