// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataset_layout.h"
#include "object_header.h"
#include "raw_file.h"

namespace skymill::radio::hdf5 {

/// A chunk that is in the file.
struct StoredChunk {
  std::uint64_t number = 0;   ///< among all chunks, the last axis fastest
  std::uint64_t address = 0;  ///< place in the file
  std::uint32_t bytes = 0;    ///< as stored
  std::uint32_t mask = 0;     ///< bit k: filter k was left out
};

/// Where the data of a data set begin, read past the library.
struct DataPlace {
  bool direct = false;
  std::string reason;                    ///< when not direct: why
  std::optional<std::uint64_t> address;  ///< of the data, or of the root of the chunk index;
                                         ///< nothing when nothing was ever written
};

/// Sizes of the format of an open file.
FormatSizes format_sizes(const File& file);

/// Finds the data of a contiguous data set, or the version-1 B-tree of a chunked one. The indices
/// of later format versions are left to the library.
/// @throws Error (input) when the object header is damaged
DataPlace find_data(const RawFile& raw, const FormatSizes& sizes, hid_t dataset,
                    const DatasetLayout& layout, const DatasetName& name, ReadCounts& counts);

/// The version-1 B-tree of a data set's chunks (HDF5 File Format Specification 3.0, III.A.1).
///
/// Walks only the nodes that lead to the rows asked for, and keeps the last few: reading in the
/// order of rows reads each node once, and memory does not grow with the data set. All that is
/// read is checked.
class ChunkIndex {
 public:
  ChunkIndex(std::shared_ptr<const RawFile> raw, const FormatSizes& sizes, DatasetLayout layout,
             DatasetName name, std::optional<std::uint64_t> root);

  /// The chunks with rows of [first, first + count), in any order; those never written are left
  /// out. @throws Error (input)
  std::vector<StoredChunk> of_rows(hsize_t first, hsize_t count, ReadCounts& counts);

 private:
  struct Node {
    std::uint64_t at = 0;
    std::vector<std::uint8_t> bytes;
    unsigned level = 0;
    std::size_t children = 0;
  };
  struct Walk {
    hsize_t begin = 0;  ///< rows of first cells
    hsize_t end = 0;
    std::uint64_t most_nodes = 0;
    std::vector<StoredChunk> found;
  };

  std::shared_ptr<const Node> node(std::uint64_t at, ReadCounts& counts);
  Node parse(std::uint64_t at, std::vector<std::uint8_t> bytes) const;
  const std::uint8_t* key(const Node& node, std::size_t child) const;
  bool before(const std::uint8_t* a, const std::uint8_t* b) const;
  void visit(const Node& node, Walk& walk, ReadCounts& counts);
  StoredChunk chunk(const std::uint8_t* key) const;

  std::shared_ptr<const RawFile> raw_;
  FormatSizes sizes_;
  DatasetLayout layout_;
  DatasetName name_;
  std::optional<std::uint64_t> root_;
  std::vector<std::shared_ptr<const Node>> recent_;  ///< the latest last
};

}  // namespace skymill::radio::hdf5
