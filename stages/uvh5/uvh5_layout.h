// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace skymill::radio {

/// How the data sets of a UVH5 file lie on disk; its contents do not depend on it.
enum class Uvh5Layout {
  writer,      ///< the correlator's: growing, chunks that h5py takes by itself, no filters
  seed,        ///< growing, one chunk an integration, shuffled and deflated (2 to 4 MiB when full)
  generic,     ///< as general programs write: version 1.0, of fixed size, chunked, float64 uvw
  contiguous,  ///< of fixed size, no chunks
};

/// How one data set of rows is stored.
struct RowStorage {
  std::optional<std::uint64_t> rows;  ///< of a data set of fixed size; none: it grows
  std::vector<std::uint64_t> chunk;   ///< empty: contiguous
  int deflate = 0;                    ///< 0: no filters; else shuffle and deflate of this level
};

/// The chunk that h5py takes when it is not told: axes of no size count as 1024, then one axis
/// after the other is halved until the chunk is near a size that grows slowly with the data set.
/// (Rule found from files; dsa110.md 1.6 has its outcome for the correlator's data sets.)
SKYMILL_API std::vector<std::uint64_t> usual_chunk(std::vector<std::uint64_t> shape,
                                                   std::size_t cell_bytes);

/// @param shape      of the data set, its first axis not looked at
/// @param cells      whether it is one of visdata, flags and nsamples
/// @param rows       of the whole file, for layouts of fixed size
/// @param baselines  rows of one integration
SKYMILL_API RowStorage row_storage(Uvh5Layout layout, std::vector<std::uint64_t> shape,
                                   std::size_t cell_bytes, bool cells, std::size_t rows,
                                   std::size_t baselines, int deflate);

}  // namespace skymill::radio
