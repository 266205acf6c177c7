// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>

#include <string>

namespace skymill::radio {

/// True when `path` is a directory with a readable `table.dat`. Looks at files only; needs no lane.
SKYMILL_API bool is_casa_table(const std::string& path);

/// The type in `table.info`, such as "Measurement Set", "Image" or "Calibration"; empty when the
/// path is no table or has no such file. Looks at files only; needs no lane.
SKYMILL_API std::string casa_table_type(const std::string& path);

}  // namespace skymill::radio
