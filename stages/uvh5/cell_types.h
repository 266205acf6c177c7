// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "hdf5_file.h"

namespace skymill::radio::hdf5 {

/// What a reader wants in memory.
enum class CellType {
  complex_float,  ///< std::complex<float>
  real_float,
  real_double,
  integer,  ///< std::int64_t
  byte,     ///< as it is in the file, which must have cells of one byte
};

std::size_t bytes_of(CellType type);
/// The library's name of it; for `byte` the file's own type.
Handle memory_type(CellType type, hid_t dataset);

/// Numbers as they stand in files of little-endian machines.
enum class Stored { f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 };

/// The numbers of a data set that can be turned into `type` past the library; nothing when only
/// the library can, as for big-endian ones.
std::optional<Stored> stored_numbers(hid_t dataset, CellType type);

/// Whether a cell is in the file as it is wanted in memory.
bool same_numbers(Stored stored, CellType type);

/// Cells along four axes, in cells.
using Axes = std::array<std::size_t, 4>;

/// Copies a box of cells and turns its numbers into those of `type`.
/// @param from       first cell of the box in a chunk
/// @param from_step  cells from one to the next along each axis
/// @param into       first cell of the box in memory
void copy_box(Stored stored, CellType type, const std::uint8_t* from, const Axes& from_step,
              void* into, const Axes& into_step, const Axes& size);

}  // namespace skymill::radio::hdf5
