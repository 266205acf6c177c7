// SPDX-License-Identifier: GPL-3.0-or-later
#include "chunk_index.h"

#include <algorithm>
#include <cstring>

namespace skymill::radio::hdf5 {

namespace {

constexpr std::size_t kKeptNodes = 16;
constexpr std::uint8_t kChunkNode = 1;

std::size_t head_bytes(const FormatSizes& sizes) { return 8 + 2 * sizes.address; }
/// Stored bytes, mask, then the first cell along each axis and, always 0, within a cell.
std::size_t key_bytes(const DatasetLayout& layout) { return 8 + 8 * (layout.rank() + 1); }

DataPlace left_to_library(const std::string& reason) { return {false, reason, std::nullopt}; }

/// Checks what the message says of chunks against the library's view.
DataPlace tree_of(const std::vector<std::uint8_t>& message, const FormatSizes& sizes,
                  const DatasetLayout& layout, const DatasetName& name) {
  const std::size_t dimensions = layout.rank() + 1;
  if (message.size() < 3 + sizes.address + 4 * dimensions || message[2] != dimensions) {
    name.damaged("a layout message that does not fit its shape");
  }
  for (std::size_t axis = 0; axis < dimensions; ++axis) {
    const std::uint64_t size = number_at(&message[3 + sizes.address + 4 * axis], 4);
    if (size != (axis < layout.rank() ? layout.chunk[axis] : layout.cell_bytes)) {
      name.damaged("a layout message with other chunks than its properties");
    }
  }
  return {true, {}, sizes.place(number_at(&message[3], sizes.address))};
}

}  // namespace

FormatSizes format_sizes(const File& file) {
  const Lock lock;
  FormatSizes sizes;
  const Handle creation(H5Fget_create_plist(file.id()), H5Pclose);
  hsize_t user_block = 0;
  unsigned half_children = 0;
  if (H5Pget_userblock(creation.id(), &user_block) < 0 ||
      H5Pget_sizes(creation.id(), &sizes.address, &sizes.length) < 0 ||
      H5Pget_istore_k(creation.id(), &half_children) < 0 || sizes.address < 2 ||
      sizes.address > 8 || sizes.length < 2 || sizes.length > 8) {
    file.refuse("has sizes of addresses that are not known");
  }
  sizes.base = user_block;
  sizes.chunk_node = 2 * std::size_t{half_children};
  return sizes;
}

DataPlace find_data(const RawFile& raw, const FormatSizes& sizes, hid_t dataset,
                    const DatasetLayout& layout, const DatasetName& name, ReadCounts& counts) {
  if (layout.storage == Storage::other) {
    return left_to_library("neither contiguous nor chunked in this file");
  }
  H5O_info_t info{};
  {
    const Lock lock;
    // More than the basic facts would make the library walk the whole chunk index.
    if (H5Oget_info2(dataset, &info, H5O_INFO_BASIC) < 0) {
      name.damaged("its object header cannot be found");
    }
  }
  const auto header = sizes.place(info.addr);
  const auto message = layout_message(raw, header.value_or(raw.size()), sizes, name, counts);
  constexpr std::uint8_t kContiguous = 1, kChunked = 2;
  if (message.size() < 3) name.damaged("a layout message that is too short");
  const bool contiguous = layout.storage == Storage::contiguous;
  if (message[0] == 3 || (message[0] == 4 && contiguous)) {
    if (message[1] != (contiguous ? kContiguous : kChunked)) {
      name.damaged("a layout message of another kind than its properties");
    }
    if (!contiguous) return tree_of(message, sizes, layout, name);
    if (message.size() < 2 + sizes.address) name.damaged("a layout message that is too short");
    return {true, {}, sizes.place(number_at(&message[2], sizes.address))};
  }
  return left_to_library("layout version " + std::to_string(message[0]) +
                         ", whose chunk index is the library's");
}

ChunkIndex::ChunkIndex(std::shared_ptr<const RawFile> raw, const FormatSizes& sizes,
                       DatasetLayout layout, DatasetName name, std::optional<std::uint64_t> root)
    : raw_(std::move(raw)),
      sizes_(sizes),
      layout_(std::move(layout)),
      name_(std::move(name)),
      root_(root) {}

const std::uint8_t* ChunkIndex::key(const Node& node, std::size_t child) const {
  return &node.bytes[head_bytes(sizes_) + child * (key_bytes(layout_) + sizes_.address)];
}

bool ChunkIndex::before(const std::uint8_t* a, const std::uint8_t* b) const {
  for (std::size_t axis = 0; axis < layout_.rank(); ++axis) {
    const std::uint64_t at_a = number_at(a + 8 + 8 * axis, 8);
    const std::uint64_t at_b = number_at(b + 8 + 8 * axis, 8);
    if (at_a != at_b) return at_a < at_b;
  }
  return false;
}

ChunkIndex::Node ChunkIndex::parse(std::uint64_t at, std::vector<std::uint8_t> bytes) const {
  const std::size_t head = head_bytes(sizes_);
  const auto wrong = [&](const std::string& what) {
    name_.damaged("its chunk index has " + what + " at byte " + std::to_string(at));
  };
  if (bytes.size() < head || std::memcmp(bytes.data(), "TREE", 4) != 0 || bytes[4] != kChunkNode) {
    wrong("no node");
  }
  Node node;
  node.at = at;
  node.level = bytes[5];
  node.children = number_at(&bytes[6], 2);
  const std::size_t key = key_bytes(layout_);
  if (node.children > sizes_.chunk_node ||
      bytes.size() < head + node.children * (key + sizes_.address) + key) {
    wrong("a node of " + std::to_string(node.children) + " children");
  }
  node.bytes = std::move(bytes);
  // The key after the last child is not to be relied on: for one axis HDF5 leaves it at zero.
  for (std::size_t child = 0; child + 1 < node.children; ++child) {
    if (!before(this->key(node, child), this->key(node, child + 1))) {
      wrong("a node out of order");
    }
  }
  return node;
}

std::shared_ptr<const ChunkIndex::Node> ChunkIndex::node(std::uint64_t at, ReadCounts& counts) {
  const auto found = std::find_if(recent_.begin(), recent_.end(),
                                  [&](const auto& known) { return known->at == at; });
  if (found != recent_.end()) {
    std::rotate(found, found + 1, recent_.end());
    return recent_.back();
  }
  const std::size_t key = key_bytes(layout_);
  const std::uint64_t whole = head_bytes(sizes_) + sizes_.chunk_node * (key + sizes_.address) + key;
  if (!raw_->holds(at, 1)) name_.damaged("its chunk index leads outside the file");
  std::vector<std::uint8_t> bytes(std::min<std::uint64_t>(whole, raw_->size() - at));
  raw_->read(at, bytes.size(), bytes.data(), name_);
  counts.index_bytes += bytes.size();
  ++counts.calls;
  if (recent_.size() >= kKeptNodes) recent_.erase(recent_.begin());
  recent_.push_back(std::make_shared<const Node>(parse(at, std::move(bytes))));
  return recent_.back();
}

StoredChunk ChunkIndex::chunk(const std::uint8_t* key) const {
  StoredChunk chunk;
  chunk.bytes = static_cast<std::uint32_t>(number_at(key, 4));
  chunk.mask = static_cast<std::uint32_t>(number_at(key + 4, 4));
  for (std::size_t axis = 0; axis < layout_.rank(); ++axis) {
    const std::uint64_t first = number_at(key + 8 + 8 * axis, 8);
    const hsize_t size = layout_.chunk[axis];
    if (first % size != 0 || first >= layout_.shape[axis]) {
      name_.damaged("its chunk index has a chunk at cell " + std::to_string(first) + " of axis " +
                    std::to_string(axis));
    }
    chunk.number = chunk.number * ((layout_.shape[axis] + size - 1) / size) + first / size;
  }
  return chunk;
}

void ChunkIndex::visit(const Node& node, Walk& walk, ReadCounts& counts) {
  if (walk.most_nodes-- == 0) name_.damaged("its chunk index goes round in circles");
  const std::size_t key_size = key_bytes(layout_);
  for (std::size_t child = 0; child < node.children; ++child) {
    const std::uint8_t* const from = key(node, child);
    const std::uint64_t row = number_at(from + 8, 8);
    if (row >= walk.end) break;
    const bool last = child + 1 == node.children;
    const std::uint64_t next_row = last ? walk.end : number_at(key(node, child + 1) + 8, 8);
    if (node.level > 0 ? next_row < walk.begin : row < walk.begin) continue;
    const auto place = sizes_.place(number_at(from + key_size, sizes_.address));
    if (node.level > 0) {
      const auto below = this->node(place.value_or(raw_->size()), counts);
      if (below->level + 1 != node.level) name_.damaged("its chunk index has levels out of order");
      visit(*below, walk, counts);
      continue;
    }
    StoredChunk stored = chunk(from);
    stored.address = place.value_or(raw_->size());
    if (!raw_->holds(stored.address, stored.bytes) || stored.bytes == 0) {
      name_.damaged("chunk " + std::to_string(stored.number) + " of " +
                    std::to_string(stored.bytes) + " bytes at " + std::to_string(stored.address) +
                    " lies outside the file, which has " + std::to_string(raw_->size()));
    }
    if (layout_.filters.empty() && stored.bytes != layout_.chunk_bytes()) {
      name_.damaged("chunk " + std::to_string(stored.number) + " has " +
                    std::to_string(stored.bytes) + " bytes instead of " +
                    std::to_string(layout_.chunk_bytes()));
    }
    walk.found.push_back(stored);
  }
}

std::vector<StoredChunk> ChunkIndex::of_rows(hsize_t first, hsize_t count, ReadCounts& counts) {
  if (count == 0 || !root_) return {};
  Walk walk;
  const hsize_t size = layout_.chunk[0];
  walk.begin = first / size * size;
  walk.end = first + count;
  const hsize_t most = ((walk.end - walk.begin + size - 1) / size) * layout_.chunks_of_row();
  // Every leaf but those at the ends has a chunk of the rows, and every other node a leaf.
  walk.most_nodes = 16 * (most + 4);
  const auto root = node(*root_, counts);
  visit(*root, walk, counts);
  const auto by_number = [](const StoredChunk& a, const StoredChunk& b) {
    return a.number < b.number;
  };
  std::sort(walk.found.begin(), walk.found.end(), by_number);
  const auto twice = std::adjacent_find(
      walk.found.begin(), walk.found.end(),
      [](const StoredChunk& a, const StoredChunk& b) { return a.number == b.number; });
  if (twice != walk.found.end()) {
    name_.damaged("its chunk index has chunk " + std::to_string(twice->number) + " twice");
  }
  return std::move(walk.found);
}

}  // namespace skymill::radio::hdf5
