// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace skymill::radio::hdf5 {

/// What reading cost.
struct ReadCounts {
  std::uint64_t data_bytes = 0;   ///< chunks and contiguous data, as stored, with merged gaps
  std::uint64_t index_bytes = 0;  ///< object headers and nodes of chunk indices
  std::uint64_t chunks = 0;       ///< chunks read
  std::uint64_t calls = 0;        ///< reads of the file

  ReadCounts& operator+=(const ReadCounts& other);
};

/// A data set of a file, for messages.
struct DatasetName {
  std::string path;
  std::string name;

  /// @throws Error (input): `'x.uvh5' has a damaged 'Data/visdata': <what>`
  [[noreturn]] void damaged(const std::string& what) const;
};

/// The bytes of a file beside HDF5 and its lock; any number of threads may read.
class RawFile {
 public:
  /// @throws Error (input) when it cannot be opened
  explicit RawFile(const std::string& path);
  ~RawFile();
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  std::uint64_t size() const { return size_; }
  /// Whether these bytes lie in the file.
  bool holds(std::uint64_t at, std::uint64_t bytes) const {
    return at <= size_ && bytes <= size_ - at;
  }
  /// @throws Error (input) when they do not lie in the file or cannot be read
  void read(std::uint64_t at, std::size_t bytes, void* into, const DatasetName& of) const;
  /// Asks the system to bring these bytes into its cache; not waited for.
  void announce(std::uint64_t at, std::uint64_t bytes) const;

 private:
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
};

}  // namespace skymill::radio::hdf5
