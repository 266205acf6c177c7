// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace skymill::radio::wall {

/// How the planes of a cube of four axes x, y, 1, channel lie in the tile file of its table. A tile
/// holds whole lines of one plane, so that every plane is contiguous, x fastest.
struct PlaneTiles {
  std::size_t nx = 0;
  std::size_t ny = 0;
  std::size_t nchan = 0;
  std::size_t lines = 0;           ///< of a tile; the last one of a plane may reach beyond ny
  std::size_t bits_per_pixel = 0;  ///< 32 for floats, 1 for a mask

  std::size_t tiles_per_plane() const { return (ny + lines - 1) / lines; }
  std::uint64_t tile_bytes() const { return (std::uint64_t{nx} * lines * bits_per_pixel + 7) / 8; }
  /// From one plane to the next.
  std::uint64_t plane_bytes() const { return tiles_per_plane() * tile_bytes(); }
  std::uint64_t bytes() const { return nchan * plane_bytes(); }
};

/// Lines a tile: all of the plane when it fits, else an even share of it, so that tiles keep the
/// plane contiguous and, where the number of lines allows, none is padded.
std::size_t tile_lines(std::size_t nx, std::size_t ny);

/// The file that holds the tiles of a table with one tiled column.
std::string tile_file(const std::string& table);

/// Makes the one-pixel cube of a closed table as large as `tiles` says, by its length only: the new
/// part is a hole that reads as zeros. The table must be of ours: one row, one column in a
/// TiledCellStMan, little-endian, a cube of shape 1, 1, 1, 1.
/// @throws Error(failed) when casacore has written something else than this was made for
void enlarge_tiles(const std::string& table, const PlaneTiles& tiles);

}  // namespace skymill::radio::wall
