// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/uvh5/dataset_reader.h>

#include <complex>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio::test {

/// A data set `cells` as a test makes it; complex floats unless told otherwise.
struct MadeDataset {
  std::vector<hsize_t> shape;
  std::vector<hsize_t> chunk;  ///< empty: contiguous
  std::vector<int> filters;    ///< in the order of writing
  hsize_t rows_a_step = 0;     ///< grown by so many rows at a time; 0: written at once
  hsize_t user_block = 0;
  bool second_headers = false;    ///< object headers of version 2, still a version-1 B-tree
  bool latest = false;            ///< the newest index
  unsigned skip_chunks_from = 0;  ///< of own filters: chunks from this one on are never written
  unsigned bitshuffle_lz4 = 2;    ///< 0: without
};

/// Numbers that compress, all different in their sums.
std::vector<std::complex<float>> cells_of(const std::vector<hsize_t>& shape);

/// Makes the file; LZF, blosc and bitshuffle are packed here, the rest is the library's.
void make_file(const std::string& path, const MadeDataset& made);

/// The same for numbers of a type of the library, from complex or real doubles.
void make_numbers(const std::string& path, const std::vector<hsize_t>& shape,
                  const std::vector<hsize_t>& chunk, hid_t type, bool complex);

/// Reads all rows of `cells` in bands of so many.
std::vector<std::complex<float>> read_all(hdf5::DatasetReader& reader, hsize_t band);

}  // namespace skymill::radio::test
