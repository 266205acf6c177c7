// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access_plan.h"
#include "cell_types.h"
#include "chunk_index.h"
#include "dataset_layout.h"
#include "hdf5_file.h"
#include "raw_file.h"

namespace skymill::radio::hdf5 {

/// A file opened for the library and beside it.
struct OpenFile {
  File file;
  std::shared_ptr<const RawFile> raw;
  FormatSizes sizes;

  /// @throws Error (input)
  static OpenFile open(const std::string& path);
};

struct ReadingOptions {
  AccessPattern pattern = AccessPattern::rows_onward;
  bool direct = true;  ///< false: always through the library
};

/// Reads bands of rows of a data set into dense memory.
///
/// Where the layout allows it, past the library and its lock: the band's chunks in the order of
/// their addresses, neighbours with one read, filters undone by all threads of the caller's TBB
/// arena. Chunks of a stripe that a band ends in are kept, up to 64 MiB of them, so that reading
/// onward takes each chunk from the file once. Else through the library with a cache that fits.
/// Results do not depend on the way nor on threads. One caller at a time.
class DatasetReader {
 public:
  /// @param file  outlives the reader
  /// @throws Error (input) when the data set is missing or damaged, its numbers cannot become
  ///         `type`, or it needs a filter that is not there
  DatasetReader(const OpenFile& file, const std::string& name, CellType type,
                const ReadingOptions& options = {});

  /// Rows [first, first + count) of the first axis, all cells of each, as `type`.
  /// @throws Error (input) when they cannot be read or lie outside the data set
  void read_rows(hsize_t first, hsize_t count, void* into);

  /// Where in the file the bytes of the last band ended; 0 before, and through the library.
  std::uint64_t band_end() const { return band_end_; }

  /// Bytes that are kept between bands of so many rows, at most.
  std::size_t kept_bytes(hsize_t rows) const;
  /// Bytes that a thread takes to read such a band, beside its cells, at most. They stay with the
  /// thread, for whatever it reads next.
  std::size_t space_bytes(hsize_t rows) const;

  const std::string& name() const { return name_.name; }
  const DatasetLayout& layout() const { return layout_; }
  /// With the library's cache as it really is.
  const AccessPlan& plan() const { return plan_; }
  const ReadCounts& counts() const { return counts_; }

 private:
  struct Band {
    hsize_t first = 0;
    hsize_t count = 0;
    std::uint8_t* into = nullptr;
  };
  /// A stretch of the file that is read with one call.
  struct Stretch {
    std::size_t begin = 0, end = 0;  ///< of the sorted chunks
    std::uint64_t address = 0;
    std::size_t bytes = 0;
  };

  void require_filters() const;
  bool try_direct(const Handle& dataset);
  void open_library(Handle dataset, AccessPattern pattern);
  void read_contiguous(const Band& band);
  void read_chunked(const Band& band);
  void read_stretch(const Stretch& stretch, const std::vector<StoredChunk>& chunks,
                    const Band& band, std::optional<hsize_t> keep);
  void unpack(const StoredChunk& chunk, const std::uint8_t* stored, const Band& band,
              std::optional<hsize_t> keep);
  void place(std::uint64_t number, const std::uint8_t* cells, const Band& band) const;
  void fill(const Band& band) const;

  const File* file_ = nullptr;
  std::shared_ptr<const RawFile> raw_;
  DatasetName name_;
  CellType type_;
  DatasetLayout layout_;
  AccessPlan plan_;
  ReadCounts counts_;
  Stored stored_ = Stored::f4;
  std::vector<std::uint8_t> fill_cell_;
  std::optional<std::uint64_t> data_;  ///< contiguous: place in the file
  std::unique_ptr<ChunkIndex> index_;
  Handle dataset_, memory_type_;     ///< for the library
  Axes shape_{}, chunk_{}, grid_{};  ///< with axes of 1 after the first up to four
  std::uint64_t band_end_ = 0;
  std::optional<hsize_t> kept_stripe_;
  std::vector<std::uint8_t> kept_;  ///< [chunk of the stripe][bytes], filters undone
  std::vector<std::uint8_t> kept_there_;
};

}  // namespace skymill::radio::hdf5
