// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <string>

namespace skymill::radio {

/// Whether the file has the signature of HDF5.
SKYMILL_API bool is_hdf5(const std::string& path);

/// For each data set of an HDF5 file with rows, a line of a table: shape, type, chunk, filters,
/// chunks, bytes stored, how Skymill would read it in the order of rows, and why.
/// @throws Error (input) when it is no HDF5 file, or damaged
SKYMILL_API std::string inspect_hdf5(const std::string& path);

}  // namespace skymill::radio
