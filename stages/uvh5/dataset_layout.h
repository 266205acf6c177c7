// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hdf5_file.h"

namespace skymill::radio::hdf5 {

/// A filter of a data set, with what was set when the data set was made.
struct ChunkFilter {
  int number = 0;  ///< as registered with The HDF Group
  bool optional = false;
  std::vector<unsigned> values;
};

enum class Storage {
  contiguous,
  chunked,
  other,  ///< compact, external files, virtual
};

/// How a data set lies in its file, from its creation properties.
struct DatasetLayout {
  Storage storage = Storage::other;
  std::vector<hsize_t> shape;
  std::vector<hsize_t> chunk;        ///< [axis]; empty unless chunked
  std::vector<ChunkFilter> filters;  ///< in the order of writing
  std::size_t cell_bytes = 0;

  std::size_t rank() const { return shape.size(); }
  hsize_t rows() const { return shape.empty() ? 1 : shape[0]; }
  /// Bytes of a whole chunk without filters.
  std::size_t chunk_bytes() const;
  /// Chunks that one row crosses: a stripe.
  hsize_t chunks_of_row() const;
  /// Chunks of the whole data set.
  hsize_t chunks() const;
  /// Cells of one row.
  hsize_t cells_of_row() const;
};

DatasetLayout layout_of(hid_t dataset);

/// `deflate`, `bitshuffle`, or `filter 305`.
std::string filter_name(int number);

/// `[111744, 1, 48, 2]`
std::string text_of(const std::vector<hsize_t>& shape);

}  // namespace skymill::radio::hdf5
