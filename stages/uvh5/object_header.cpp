// SPDX-License-Identifier: GPL-3.0-or-later
#include "object_header.h"

#include <algorithm>
#include <cstring>

namespace skymill::radio::hdf5 {

namespace {

constexpr std::uint64_t kLayoutMessage = 8;
constexpr std::uint64_t kContinuation = 16;
constexpr std::size_t kMostBlocks = 256;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;
constexpr std::size_t kChecksum = 4;

struct Block {
  std::uint64_t at = 0;
  std::uint64_t bytes = 0;
};

/// One walk over the blocks of a header.
struct Header {
  const RawFile& file;
  const FormatSizes& sizes;
  const DatasetName& name;
  ReadCounts& counts;
  std::vector<Block> blocks;  ///< messages only
  bool second_version = false;
  bool creation_order = false;

  std::vector<std::uint8_t> bytes(std::uint64_t at, std::uint64_t count) const {
    if (count > kMostBytes) name.damaged("an object header of " + std::to_string(count) + " bytes");
    std::vector<std::uint8_t> read(count);
    file.read(at, count, read.data(), name);
    counts.index_bytes += count;
    ++counts.calls;
    return read;
  }
  void begin(std::uint64_t at);
  void begin_second(std::uint64_t at, const std::vector<std::uint8_t>& prefix);
  void add_continuation(const std::uint8_t* message, std::size_t count);
  /// The message when it is in the block.
  std::vector<std::uint8_t> search(const Block& block);
};

void Header::begin(std::uint64_t at) {
  constexpr std::size_t kPrefix = 64;  // more than any prefix takes
  const auto room = file.holds(at, 0) ? file.size() - at : 0;
  if (room < 16) name.damaged("its object header lies outside the file");
  const auto prefix = bytes(at, std::min<std::uint64_t>(kPrefix, room));
  if (std::memcmp(prefix.data(), "OHDR", 4) == 0) return begin_second(at, prefix);
  if (prefix[0] != 1) {
    name.damaged("no object header at byte " + std::to_string(at));
  }
  blocks.push_back({at + 16, number_at(&prefix[8], 4)});
}

void Header::begin_second(std::uint64_t at, const std::vector<std::uint8_t>& prefix) {
  const unsigned flags = prefix[5];
  const std::size_t size_bytes = std::size_t{1} << (flags & 3U);
  const std::size_t start = 6 + ((flags & 0x20U) != 0 ? 16 : 0) + ((flags & 0x10U) != 0 ? 4 : 0);
  if (prefix[4] != 2 || start + size_bytes > prefix.size()) {
    name.damaged("an object header of version " + std::to_string(prefix[4]));
  }
  second_version = true;
  creation_order = (flags & 4U) != 0;
  blocks.push_back({at + start + size_bytes, number_at(&prefix[start], size_bytes)});
}

void Header::add_continuation(const std::uint8_t* message, std::size_t count) {
  if (count < sizes.address + sizes.length || blocks.size() >= kMostBlocks) {
    name.damaged("an object header with a wrong continuation");
  }
  const auto place = sizes.place(number_at(message, sizes.address));
  Block block{place.value_or(file.size()), number_at(message + sizes.address, sizes.length)};
  if (second_version) {  // signature before, checksum after the messages
    if (block.bytes < 4 + kChecksum) name.damaged("an object header with a short continuation");
    block.at += 4;
    block.bytes -= 4 + kChecksum;
  }
  blocks.push_back(block);
}

std::vector<std::uint8_t> Header::search(const Block& block) {
  const auto read = bytes(block.at, block.bytes);
  const std::size_t prefix = second_version ? (creation_order ? 6 : 4) : 8;
  for (std::size_t at = 0; at + prefix <= read.size();) {
    const std::uint64_t type = number_at(&read[at], second_version ? 1 : 2);
    const std::size_t count = number_at(&read[at + (second_version ? 1 : 2)], 2);
    at += prefix;
    if (count > read.size() - at) name.damaged("an object header with a message beyond its end");
    if (type == kLayoutMessage) {
      return {read.begin() + static_cast<std::ptrdiff_t>(at),
              read.begin() + static_cast<std::ptrdiff_t>(at + count)};
    }
    if (type == kContinuation) add_continuation(&read[at], count);
    at += count;
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> FormatSizes::place(std::uint64_t stored) const {
  const std::uint64_t none =
      address >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * address) - 1;
  if (stored == none) return std::nullopt;
  // An address that overflows lies in no file either.
  return stored > ~std::uint64_t{0} - base ? ~std::uint64_t{0} : stored + base;
}

std::uint64_t number_at(const std::uint8_t* from, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t k = bytes; k-- > 0;) value = value << 8 | from[k];
  return value;
}

std::vector<std::uint8_t> layout_message(const RawFile& file, std::uint64_t at,
                                         const FormatSizes& sizes, const DatasetName& name,
                                         ReadCounts& counts) {
  Header header{file, sizes, name, counts, {}, false, false};
  header.begin(at);
  for (std::size_t k = 0; k < header.blocks.size(); ++k) {
    const Block block = header.blocks[k];
    auto message = header.search(block);
    if (!message.empty()) return message;
  }
  name.damaged("an object header that does not say where the data lie");
}

}  // namespace skymill::radio::hdf5
