// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataset_layout.h"

namespace skymill::radio::hdf5 {

/// Whether undo_filters knows it: deflate, shuffle, fletcher32, LZF, blosc, bitshuffle.
bool can_undo(int filter);

/// Memory that threads keep from chunk to chunk.
struct DecodeSpace {
  std::vector<std::uint8_t> a;
  std::vector<std::uint8_t> b;
};

/// Undoes the filters of a chunk, the last first, without HDF5.
///
/// @param mask   bit k: filter k was left out when this chunk was written
/// @param bytes  of the whole chunk when all is undone
/// @return the bytes, in `space` or in `stored`
/// @throws Error (input) that says what is wrong with the chunk, without file or data set
std::span<const std::uint8_t> undo_filters(std::span<const std::uint8_t> stored,
                                           const std::vector<ChunkFilter>& filters,
                                           std::uint32_t mask, std::size_t bytes,
                                           DecodeSpace& space);

/// Lets the library undo LZF, blosc and bitshuffle in the same way, for data sets that it reads.
void register_filters();

}  // namespace skymill::radio::hdf5
