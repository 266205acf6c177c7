// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "raw_file.h"

namespace skymill::radio::hdf5 {

/// Sizes that the whole file has in common.
struct FormatSizes {
  std::uint64_t base = 0;       ///< of all addresses: bytes of the user block
  std::size_t address = 8;      ///< bytes of an address
  std::size_t length = 8;       ///< bytes of a length
  std::size_t chunk_node = 64;  ///< most children of a node of a chunk index

  /// Place in the file; nothing for the address that means "none".
  std::optional<std::uint64_t> place(std::uint64_t stored) const;
};

/// Little-endian number of at most 8 bytes.
std::uint64_t number_at(const std::uint8_t* from, std::size_t bytes);

/// The message in a data set's object header that says where its data lie (HDF5 File Format
/// Specification 3.0, IV.A.2.i), from header versions 1 and 2.
///
/// @param at  place of the object header in the file
/// @return its bytes; at most 64 KiB
/// @throws Error (input) when the header is damaged
std::vector<std::uint8_t> layout_message(const RawFile& file, std::uint64_t at,
                                         const FormatSizes& sizes, const DatasetName& name,
                                         ReadCounts& counts);

}  // namespace skymill::radio::hdf5
