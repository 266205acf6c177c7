// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/casa/Arrays/IPosition.h>
#include <casacore/tables/Tables/Table.h>

#include <cstdint>
#include <optional>
#include <string>

namespace skymill::radio::wall {

/// Where a table with one row of one tiled array keeps its values: cells of `tile` values, those
/// along the first axis first, each padded to its full size.
struct PixelLayout {
  std::string file;
  casacore::IPosition shape;
  casacore::IPosition tile;
  std::uint64_t bucket_bytes = 0;  ///< of one tile
  std::uint64_t file_bytes = 0;    ///< of all tiles
  bool native = false;             ///< byte order of this machine

  /// Where the plane that begins at `start` (zero in the first two axes) lies as [ny][nx] floats
  /// without a break; nothing when its tiles do not keep it so.
  std::optional<std::uint64_t> float_plane(const casacore::IPosition& start) const;
};

/// The layout, when the array is stored as PagedImage and PagedArray store theirs; the caller holds
/// TablesLock.
/// @throws Error(input) when the file ends before its last tile does
std::optional<PixelLayout> pixel_layout(const casacore::Table& table, const std::string& what);

}  // namespace skymill::radio::wall
