// SPDX-License-Identifier: GPL-3.0-or-later
#include "dataset_reader.h"

#include <core/error.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "chunk_filters.h"

namespace skymill::radio::hdf5 {

namespace {

constexpr std::uint64_t kMostGap = std::uint64_t{64} << 10;
constexpr std::uint64_t kMostStretch = std::uint64_t{8} << 20;
constexpr std::size_t kMostKept = std::size_t{64} << 20;
constexpr std::size_t kWorthThreads = std::size_t{256} << 10;
constexpr std::size_t kPiece = std::size_t{1} << 20;  // of contiguous numbers to be converted

/// Bytes of a thread that stay from read to read: readers of many data sets share them.
class ReadSpace {
 public:
  static ReadSpace& of_thread() {
    thread_local ReadSpace space;
    return space;
  }
  /// Grown in doubles, so that stretches of all lengths soon fit.
  static std::size_t size_for(std::size_t bytes) {
    return bytes > kMostStretch ? bytes : std::bit_ceil(bytes);
  }
  std::uint8_t* take(std::size_t bytes) {
    if (bytes > size_) {
      size_ = size_for(bytes);
      bytes_.reset();
      bytes_.reset(new std::uint8_t[size_]);  // not set to zero
    }
    return bytes_.get();
  }
  /// After a chunk larger than usual.
  void give_back() {
    if (size_ <= kMostStretch) return;
    bytes_.reset();
    size_ = 0;
  }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
};

DecodeSpace& decode_space() {
  thread_local DecodeSpace space;
  return space;
}

/// The first axis, then ones, then the others.
Axes four_axes(const std::vector<hsize_t>& sizes) {
  Axes axes{1, 1, 1, 1};
  if (sizes.empty()) return axes;
  axes[0] = sizes[0];
  for (std::size_t k = 1; k < sizes.size(); ++k) axes[4 - sizes.size() + k] = sizes[k];
  return axes;
}

/// Cells from one to the next along each axis of a dense array.
Axes steps_of(const Axes& size) {
  return {size[1] * size[2] * size[3], size[2] * size[3], size[3], 1};
}

bool needs_library(const std::vector<ChunkFilter>& filters) {
  return std::any_of(filters.begin(), filters.end(),
                     [](const ChunkFilter& filter) { return !can_undo(filter.number); });
}

std::vector<std::uint8_t> fill_value(hid_t dataset, hid_t type, std::size_t bytes) {
  std::vector<std::uint8_t> cell(bytes, 0);
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_fill_value(creation.id(), type, cell.data()) < 0) cell.assign(bytes, 0);
  return cell;
}

ChunkFacts facts_of(const DatasetLayout& layout) {
  return {layout.chunk_bytes(), layout.chunks_of_row(), layout.chunks()};
}

}  // namespace

OpenFile OpenFile::open(const std::string& path) {
  OpenFile open;
  open.file = File::open(path);
  open.raw = std::make_shared<const RawFile>(path);
  open.sizes = format_sizes(open.file);
  return open;
}

DatasetReader::DatasetReader(const OpenFile& file, const std::string& name, CellType type,
                             const ReadingOptions& options)
    : file_(&file.file), raw_(file.raw), name_{file.file.path(), name}, type_(type) {
  const Lock lock;
  Handle dataset = file_->dataset(name);
  layout_ = layout_of(dataset.id());
  if (layout_.rank() == 0) file_->refuse("has a '" + name + "' that is one value, not rows");
  constexpr double kLargestChunk = 4294967296.0;  // HDF5's own limit
  double chunk_bytes = static_cast<double>(layout_.cell_bytes);
  for (const hsize_t size : layout_.chunk) chunk_bytes *= static_cast<double>(size);
  if (chunk_bytes > kLargestChunk) name_.damaged("chunks of more than 4 GiB");
  require_filters();
  memory_type_ = memory_type(type, dataset.id());
  const auto stored = stored_numbers(dataset.id(), type);
  if (type == CellType::byte && !stored) {
    file_->refuse("has a '" + name + "' of cells that are not bytes");
  }
  if (!options.direct) {
    plan_.reason = "as told";
  } else if (!stored) {
    plan_.reason = "its numbers are converted by the library";
  } else if (needs_library(layout_.filters)) {
    plan_.reason = "only the library has its filters";
  } else if (layout_.rank() > 4) {
    plan_.reason = "it has more than 4 axes";
  } else {
    stored_ = *stored;
    const DataPlace place = find_data(*raw_, file.sizes, dataset.id(), layout_, name_, counts_);
    plan_.direct = place.direct;
    plan_.reason = place.reason;
    data_ = place.address;
  }
  if (!plan_.direct) {
    open_library(std::move(dataset), options.pattern);
    return;
  }
  fill_cell_ = fill_value(dataset.id(), memory_type_.id(), bytes_of(type));
  shape_ = four_axes(layout_.shape);
  if (layout_.storage == Storage::contiguous) {
    plan_.reason = "contiguous";
    return;
  }
  plan_.reason = "chunks by a version-1 B-tree";
  chunk_ = four_axes(layout_.chunk);
  for (std::size_t axis = 0; axis < 4; ++axis) {
    grid_[axis] = (shape_[axis] + chunk_[axis] - 1) / chunk_[axis];
  }
  index_ = std::make_unique<ChunkIndex>(raw_, file.sizes, layout_, name_, data_);
}

void DatasetReader::require_filters() const {
  for (const ChunkFilter& filter : layout_.filters) {
    if (can_undo(filter.number) || H5Zfilter_avail(filter.number) > 0) continue;
    file_->refuse("has a '" + name_.name + "' behind the HDF5 filter " +
                      std::to_string(filter.number) + " (" + filter_name(filter.number) +
                      "), which is not there",
                  "install the filter's plugin for HDF5 and name its folder in HDF5_PLUGIN_PATH, "
                  "or write the file anew with deflate, LZF, blosc or bitshuffle");
  }
}

void DatasetReader::open_library(Handle dataset, AccessPattern pattern) {
  const std::string why = plan_.reason;
  if (layout_.storage != Storage::chunked) {
    dataset_ = std::move(dataset);
    return;
  }
  plan_ = cache_for(facts_of(layout_), pattern);
  const std::string size = plan_.reason;
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  H5Pset_chunk_cache(access.id(), plan_.cache_slots, plan_.cache_bytes, 0.75);
  dataset.reset();  // a data set that is open keeps the cache that it has
  dataset_ = file_->dataset(name_.name, access.id());
  const std::size_t wanted = plan_.cache_bytes;
  const Handle effective(H5Dget_access_plist(dataset_.id()), H5Pclose);
  H5Pget_chunk_cache(effective.id(), &plan_.cache_slots, &plan_.cache_bytes, nullptr);
  plan_.reason =
      why + "; cache: " + (plan_.cache_bytes == wanted ? size : "that of whoever opened it before");
}

void DatasetReader::read_rows(hsize_t first, hsize_t count, void* into) {
  if (count == 0) return;
  if (count > layout_.rows() || first > layout_.rows() - count) {
    file_->refuse("has " + std::to_string(layout_.rows()) + " rows in '" + name_.name + "', not " +
                  std::to_string(first + count));
  }
  if (!plan_.direct) {
    file_->read_rows(dataset_.id(), name_.name, first, count, memory_type_.id(), into);
    return;
  }
  const Band band{first, count, static_cast<std::uint8_t*>(into)};
  layout_.storage == Storage::contiguous ? read_contiguous(band) : read_chunked(band);
}

std::size_t DatasetReader::kept_bytes(hsize_t rows) const {
  if (!plan_.direct) return plan_.cache_bytes;
  if (!index_ || chunk_[0] == 1 || rows >= layout_.rows()) return 0;
  const std::size_t stripe = layout_.chunks_of_row() * layout_.chunk_bytes();
  return stripe <= kMostKept ? stripe : 0;
}

std::size_t DatasetReader::space_bytes(hsize_t rows) const {
  if (!plan_.direct) return 0;
  if (!index_) return same_numbers(stored_, type_) ? 0 : kPiece;
  const std::size_t chunk = layout_.chunk_bytes();
  const std::size_t stripes = std::min(rows, layout_.rows()) / chunk_[0] + 2;
  const std::size_t band = stripes * layout_.chunks_of_row() * chunk;
  const std::size_t stretch = std::max<std::size_t>(chunk, std::min(band, kMostStretch));
  // Filters are undone from one place into another.
  return ReadSpace::size_for(stretch) + (layout_.filters.empty() ? 0 : 2 * chunk);
}

void DatasetReader::fill(const Band& band) const {
  const std::size_t cells = band.count * layout_.cells_of_row();
  const std::size_t bytes = fill_cell_.size();
  for (std::size_t k = 0; k < cells; ++k) {
    std::memcpy(band.into + k * bytes, fill_cell_.data(), bytes);
  }
}

void DatasetReader::read_contiguous(const Band& band) {
  if (!data_) return fill(band);
  const std::size_t wanted = bytes_of(type_), cell = layout_.cell_bytes;
  const std::size_t cells = band.count * layout_.cells_of_row();
  const std::uint64_t start = *data_ + band.first * layout_.cells_of_row() * cell;
  const bool as_stored = same_numbers(stored_, type_);
  const std::size_t piece = as_stored ? kMostStretch / cell : kPiece / cell;
  for (std::size_t done = 0; done < cells; done += piece) {
    const std::size_t now = std::min(piece, cells - done);
    std::uint8_t* const into = band.into + done * wanted;
    std::uint8_t* const from = as_stored ? into : ReadSpace::of_thread().take(now * cell);
    raw_->read(start + done * cell, now * cell, from, name_);
    counts_.data_bytes += now * cell;
    ++counts_.calls;
    band_end_ = start + (done + now) * cell;
    if (!as_stored)
      copy_box(stored_, type_, from, {1, 1, 1, 1}, into, {1, 1, 1, 1}, {1, 1, 1, now});
  }
}

void DatasetReader::read_chunked(const Band& band) {
  const hsize_t rows = layout_.rows(), height = chunk_[0], end_row = band.first + band.count;
  const hsize_t begin = band.first / height, end = (end_row - 1) / height + 1;
  const hsize_t width = layout_.chunks_of_row();
  const bool have_first = kept_stripe_ == begin;
  const hsize_t wanted = begin + (have_first ? 1 : 0);
  std::vector<StoredChunk> chunks;
  if (wanted < end) {
    const hsize_t from = wanted * height;
    chunks = index_->of_rows(from, std::min(end * height, rows) - from, counts_);
  }
  std::size_t there = chunks.size();
  if (have_first)
    there += static_cast<std::size_t>(std::count(kept_there_.begin(), kept_there_.end(), 1));
  if (there < (end - begin) * width) fill(band);
  if (have_first) {
    for (hsize_t k = 0; k < width; ++k) {
      if (kept_there_[k] != 0) place(begin * width + k, &kept_[k * layout_.chunk_bytes()], band);
    }
  }
  const bool inside = end_row % height != 0 && end_row < rows;
  std::optional<hsize_t> keep;
  if (inside && wanted < end && width * layout_.chunk_bytes() <= kMostKept) keep = end - 1;
  if (keep) {
    kept_stripe_.reset();  // until all of it is there
    kept_.resize(width * layout_.chunk_bytes());
    kept_there_.assign(width, 0);
  }
  std::sort(chunks.begin(), chunks.end(),
            [](const StoredChunk& a, const StoredChunk& b) { return a.address < b.address; });
  for (std::size_t k = 0; k < chunks.size();) {
    Stretch stretch{k, k + 1, chunks[k].address, chunks[k].bytes};
    for (; stretch.end < chunks.size(); ++stretch.end) {
      const StoredChunk& next = chunks[stretch.end];
      const std::uint64_t bytes = next.address + next.bytes - stretch.address;
      if (next.address > stretch.address + stretch.bytes + kMostGap || bytes > kMostStretch) break;
      stretch.bytes = std::max<std::size_t>(stretch.bytes, bytes);
    }
    read_stretch(stretch, chunks, band, keep);
    k = stretch.end;
  }
  if (keep) kept_stripe_ = keep;
}

void DatasetReader::read_stretch(const Stretch& stretch, const std::vector<StoredChunk>& chunks,
                                 const Band& band, std::optional<hsize_t> keep) {
  ReadSpace& space = ReadSpace::of_thread();
  const std::uint8_t* const bytes = space.take(stretch.bytes);
  raw_->read(stretch.address, stretch.bytes, space.take(stretch.bytes), name_);
  band_end_ = stretch.address + stretch.bytes;
  counts_.data_bytes += stretch.bytes;
  counts_.chunks += stretch.end - stretch.begin;
  ++counts_.calls;
  const auto one = [&](std::size_t k) {
    unpack(chunks[k], bytes + (chunks[k].address - stretch.address), band, keep);
  };
  if ((stretch.end - stretch.begin) * layout_.chunk_bytes() < kWorthThreads) {
    for (std::size_t k = stretch.begin; k < stretch.end; ++k) one(k);
  } else {
    // Isolated: while it waits, this thread must not begin another reader's work, which would
    // take its space.
    tbb::this_task_arena::isolate([&] { tbb::parallel_for(stretch.begin, stretch.end, one); });
  }
  space.give_back();
}

void DatasetReader::unpack(const StoredChunk& chunk, const std::uint8_t* stored, const Band& band,
                           std::optional<hsize_t> keep) {
  const std::uint8_t* cells = stored;
  if (!layout_.filters.empty()) {
    try {
      cells = undo_filters({stored, chunk.bytes}, layout_.filters, chunk.mask,
                           layout_.chunk_bytes(), decode_space())
                  .data();
    } catch (const Error& error) {
      name_.damaged("chunk " + std::to_string(chunk.number) + " at byte " +
                    std::to_string(chunk.address) + ": " + error.message());
    }
  }
  place(chunk.number, cells, band);
  const hsize_t width = layout_.chunks_of_row();
  if (keep != chunk.number / width) return;
  const hsize_t slot = chunk.number % width;
  std::memcpy(&kept_[slot * layout_.chunk_bytes()], cells, layout_.chunk_bytes());
  kept_there_[slot] = 1;
}

void DatasetReader::place(std::uint64_t number, const std::uint8_t* cells, const Band& band) const {
  Axes at{}, size{};
  for (std::size_t axis = 4; axis-- > 0;) {
    at[axis] = number % grid_[axis] * chunk_[axis];
    number /= grid_[axis];
    size[axis] = std::min(chunk_[axis], shape_[axis] - at[axis]);
  }
  // Rows of the chunk that are in the band.
  const std::size_t skipped = band.first > at[0] ? band.first - at[0] : 0;
  const std::size_t last = std::min<std::size_t>(at[0] + size[0], band.first + band.count);
  if (last <= at[0] + skipped) return;
  size[0] = last - at[0] - skipped;
  const Axes from_step = steps_of(chunk_), into_step = steps_of(shape_);
  const std::size_t row = at[0] + skipped - band.first;
  const std::size_t first =
      row * into_step[0] + at[1] * into_step[1] + at[2] * into_step[2] + at[3];
  copy_box(stored_, type_, cells + skipped * from_step[0] * layout_.cell_bytes, from_step,
           band.into + first * bytes_of(type_), into_step, size);
}

}  // namespace skymill::radio::hdf5
