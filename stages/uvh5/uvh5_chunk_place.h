// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace skymill::radio {

/// Where a piece of a data set lies in its file.
struct ChunkPlace {
  std::uint64_t offset = 0;  ///< bytes from the start of the file
  std::uint64_t bytes = 0;   ///< as stored, behind filters
  std::uint64_t first_row = 0;
  std::uint64_t chunks = 0;  ///< of the data set; 1 where it is contiguous
};

/// The chunk of `Data/visdata` with this number in the order of the index, or all of it where it is
/// contiguous. @param chunk  taken modulo the number of chunks
/// @throws Error (input) when the file cannot be read or holds no data
SKYMILL_API ChunkPlace visdata_chunk(const std::string& path, std::uint64_t chunk);

}  // namespace skymill::radio
