// SPDX-License-Identifier: GPL-3.0-or-later
#include "chunk_filters.h"

#include <blosc.h>
#include <core/error.h>
#include <libdeflate.h>
#include <liblzf/lzf.h>
#include <lz4.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "bit_transpose.h"

namespace skymill::radio::hdf5 {

namespace {

constexpr int kLzf = 32000;
constexpr int kBlosc = 32001;
constexpr int kBitshuffle = 32008;
constexpr std::size_t kLargestChunk = std::size_t{1} << 32;  // HDF5's own limit

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

[[noreturn]] void damaged(int filter, const std::string& what) {
  throw Error(ErrorKind::input, filter_name(filter) + ": " + what);
}

unsigned value_of(const ChunkFilter& filter, std::size_t k) {
  return k < filter.values.size() ? filter.values[k] : 0;
}

/// Room for what a filter gives when later ones, undone after it, may still shrink it: checksums
/// and blocks that would not compress.
std::size_t room_for(std::size_t bytes) { return bytes + bytes / 16 + 4096; }

/// The same, but no more than the filter can make of its input: a damaged header must not take
/// gigabytes.
std::size_t room_for(std::size_t bytes, std::size_t in, std::size_t times) {
  return std::min(room_for(bytes), times * in + 4096);
}

void undo_deflate(Bytes in, std::size_t bytes, Buffer& out) {
  struct Free {
    void operator()(libdeflate_decompressor* one) const { libdeflate_free_decompressor(one); }
  };
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> decompressor(
      libdeflate_alloc_decompressor());
  out.resize(room_for(bytes, in.size(), 1040));
  std::size_t size = 0;
  const auto result = libdeflate_zlib_decompress(decompressor.get(), in.data(), in.size(),
                                                 out.data(), out.size(), &size);
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
    damaged(H5Z_FILTER_DEFLATE, "more than the " + std::to_string(bytes) + " bytes of a chunk");
  }
  if (result != LIBDEFLATE_SUCCESS) damaged(H5Z_FILTER_DEFLATE, "no zlib stream");
  out.resize(size);
}

void undo_shuffle(Bytes in, const ChunkFilter& filter, Buffer& out) {
  const std::size_t cell = value_of(filter, 0);
  if (cell == 0) damaged(filter.number, "does not say the size of a cell");
  out.resize(in.size());
  unshuffle_bytes(in.data(), in.size(), cell, out.data());
}

/// Sums of 16-bit big-endian words modulo 65535; the second in the upper half.
std::uint32_t fletcher32(Bytes bytes) {
  std::uint64_t first = 0, second = 0;
  const auto folded = [](std::uint64_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
    return sum;
  };
  for (std::size_t k = 0; k < bytes.size(); k += 2) {
    const unsigned low = k + 1 < bytes.size() ? bytes[k + 1] : 0U;
    first += static_cast<unsigned>(bytes[k]) << 8U | low;
    second += first;
    if (k % 512 == 510) {
      first = folded(first);
      second = folded(second);
    }
  }
  return static_cast<std::uint32_t>(folded(second) << 16U | folded(first));
}

Bytes undo_fletcher32(Bytes in) {
  if (in.size() < 4) damaged(H5Z_FILTER_FLETCHER32, "a chunk of less than 4 bytes");
  const Bytes content = in.first(in.size() - 4);
  const std::uint8_t* const end = in.data() + content.size();
  std::uint32_t stored = 0;
  for (std::size_t k = 4; k-- > 0;) stored = stored << 8U | end[k];
  const std::uint32_t sum = fletcher32(content);
  // HDF5 1.6.2 and earlier exchanged the bytes of both halves on little-endian machines.
  const std::uint32_t old = (sum & 0x00ff00ffU) << 8U | (sum >> 8U & 0x00ff00ffU);
  if (stored != sum && stored != old) {
    damaged(H5Z_FILTER_FLETCHER32, "the checksum is wrong");
  }
  return content;
}

/// As h5py writes it: one LZF block; the third value is the size of a whole chunk.
void undo_lzf(Bytes in, const ChunkFilter& filter, std::size_t bytes, Buffer& out) {
  out.resize(room_for(std::max<std::size_t>(bytes, value_of(filter, 2)), in.size(), 264));
  const unsigned size = lzf_decompress(in.data(), static_cast<unsigned>(in.size()), out.data(),
                                       static_cast<unsigned>(out.size()));
  if (size == 0) {
    damaged(kLzf, errno == E2BIG ? "more than the bytes of a chunk" : "no LZF block");
  }
  out.resize(size);
}

void undo_blosc(Bytes in, std::size_t bytes, Buffer& out) {
  std::size_t size = 0;
  if (blosc_cbuffer_validate(in.data(), in.size(), &size) != 0 || size > room_for(bytes)) {
    damaged(kBlosc, "no blosc buffer of a chunk's size");
  }
  out.resize(size);
  if (blosc_decompress_ctx(in.data(), out.data(), size, 1) != static_cast<int>(size)) {
    const char* const codec = blosc_cbuffer_complib(in.data());
    damaged(kBlosc, std::string("cannot be unpacked (") + (codec ? codec : "unknown") + ")");
  }
}

std::uint64_t big_endian(const std::uint8_t* from, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t k = 0; k < bytes; ++k) value = value << 8U | from[k];
  return value;
}

/// A chunk in blocks of some cells, each transposed in bits and then perhaps LZ4; the cells left
/// over after the last eight are plain (format of the bitshuffle filter, version 0.3).
class Bitshuffle {
 public:
  Bitshuffle(Bytes in, const ChunkFilter& filter, std::size_t bytes, Buffer& out)
      : in_(in), cell_(value_of(filter, 2)), out_(out) {
    const unsigned compression = value_of(filter, 4);
    if (cell_ == 0) fail("does not say the size of a cell");
    if (compression != 0 && compression != kLz4) {
      fail("compression " + std::to_string(compression) + " is not known; 0 and 2 (LZ4) are");
    }
    packed_ = compression == kLz4;
    std::size_t size = in.size();
    block_cells_ = value_of(filter, 3);
    if (packed_) {
      constexpr std::size_t kHead = 12;
      if (in.size() < kHead) fail("a chunk of " + std::to_string(in.size()) + " bytes");
      size = big_endian(in.data(), 8);
      block_cells_ = big_endian(in.data() + 8, 4) / cell_;
      at_ = kHead;
    }
    if (block_cells_ == 0) block_cells_ = std::max<std::size_t>(8192 / cell_ / 8 * 8, 128);
    if (size > room_for(bytes, in.size(), 256) || block_cells_ % 8 != 0) {
      fail("blocks of " + std::to_string(block_cells_) + " cells, " + std::to_string(size) +
           " bytes in all");
    }
    out.resize(size);
  }

  void undo() {
    const std::size_t cells = out_.size() / cell_;
    std::size_t done = 0;
    for (; done + block_cells_ <= cells; done += block_cells_) block(done, block_cells_);
    const std::size_t last = (cells - done) / 8 * 8;
    if (last > 0) block(done, last);
    const std::size_t first = (done + last) * cell_;
    const Bytes rest = take(out_.size() - first);
    if (!rest.empty()) std::memcpy(&out_[first], rest.data(), rest.size());
  }

 private:
  static constexpr unsigned kLz4 = 2;
  [[noreturn]] static void fail(const std::string& what) { damaged(kBitshuffle, what); }

  Bytes take(std::size_t bytes) {
    if (bytes > in_.size() - at_) fail("the chunk ends early");
    at_ += bytes;
    return in_.subspan(at_ - bytes, bytes);
  }

  void block(std::size_t first, std::size_t cells) {
    const std::size_t bytes = cells * cell_;
    Bytes from;
    if (packed_) {
      const Bytes packed = take(big_endian(take(4).data(), 4));
      unpacked_.resize(bytes);
      const int size = LZ4_decompress_safe(
          reinterpret_cast<const char*>(packed.data()), reinterpret_cast<char*>(unpacked_.data()),
          static_cast<int>(packed.size()), static_cast<int>(bytes));
      if (size < 0 || static_cast<std::size_t>(size) != bytes) fail("a block that is no LZ4");
      from = unpacked_;
    } else {
      from = take(bytes);
    }
    unshuffle_bits(from.data(), cells, cell_, &out_[first * cell_]);
  }

  Bytes in_;
  std::size_t cell_ = 0;
  Buffer& out_;
  Buffer unpacked_;
  std::size_t block_cells_ = 0;
  std::size_t at_ = 0;
  bool packed_ = false;
};

/// The result is in `out`, or a part of `in`.
Bytes undo_one(Bytes in, const ChunkFilter& filter, std::size_t bytes, Buffer& out) {
  switch (filter.number) {
    case H5Z_FILTER_FLETCHER32:
      return undo_fletcher32(in);
    case H5Z_FILTER_DEFLATE:
      undo_deflate(in, bytes, out);
      break;
    case H5Z_FILTER_SHUFFLE:
      undo_shuffle(in, filter, out);
      break;
    case kLzf:
      undo_lzf(in, filter, bytes, out);
      break;
    case kBlosc:
      undo_blosc(in, bytes, out);
      break;
    case kBitshuffle:
      Bitshuffle(in, filter, bytes, out).undo();
      break;
    default:
      damaged(filter.number, "is not known");
  }
  return out;
}

/// What the library calls for a filter; 0 means failure, and for writing "leave it as it is".
template <int kNumber>
std::size_t library_filter(unsigned flags, std::size_t count, const unsigned* values,
                           std::size_t bytes, std::size_t* buffer_bytes, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0) return 0;  // we read such files only
  const ChunkFilter filter{kNumber, false, {values, values + count}};
  const Bytes in{static_cast<const std::uint8_t*>(*buffer), bytes};
  Buffer out;
  // The library does not tell the size of a chunk. LZF has it in a value, the others in their data.
  const std::size_t lzf_bytes = value_of(filter, 2) > 0 ? value_of(filter, 2) : 256 * bytes;
  const std::size_t most = kNumber == kLzf ? lzf_bytes : kLargestChunk;
  try {
    undo_one(in, filter, most, out);
  } catch (const Error&) {
    return 0;
  } catch (const std::bad_alloc&) {
    return 0;
  }
  void* const result = H5allocate_memory(out.size(), false);
  if (result == nullptr) return 0;
  std::memcpy(result, out.data(), out.size());
  H5free_memory(*buffer);
  *buffer = result;
  *buffer_bytes = out.size();
  return out.size();
}

template <int kNumber>
void register_filter(const char* name) {
  H5Z_class2_t filter{};
  filter.version = H5Z_CLASS_T_VERS;
  filter.id = kNumber;
  filter.encoder_present = 0;
  filter.decoder_present = 1;
  filter.name = name;
  filter.filter = &library_filter<kNumber>;
  if (H5Zregister(&filter) < 0) {
    throw Error(ErrorKind::failed, std::string("HDF5 does not take the filter ") + name);
  }
}

}  // namespace

bool can_undo(int filter) {
  constexpr int kKnown[] = {
      H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32, kLzf, kBlosc, kBitshuffle};
  return std::find(std::begin(kKnown), std::end(kKnown), filter) != std::end(kKnown);
}

Bytes undo_filters(Bytes stored, const std::vector<ChunkFilter>& filters, std::uint32_t mask,
                   std::size_t bytes, DecodeSpace& space) {
  Bytes content = stored;
  bool in_a = false;
  for (std::size_t k = filters.size(); k-- > 0;) {
    if (k < 32 && (mask >> k & 1U) != 0) continue;
    Buffer& out = in_a ? space.b : space.a;
    const Bytes undone = undo_one(content, filters[k], bytes, out);
    if (undone.data() == out.data()) in_a = !in_a;
    content = undone;
  }
  if (content.size() != bytes) {
    throw Error(ErrorKind::input, "it has " + std::to_string(content.size()) + " bytes, not the " +
                                      std::to_string(bytes) + " of a chunk");
  }
  return content;
}

void register_filters() {
  register_filter<kLzf>("lzf");
  register_filter<kBlosc>("blosc");
  register_filter<kBitshuffle>("bitshuffle");
}

}  // namespace skymill::radio::hdf5
