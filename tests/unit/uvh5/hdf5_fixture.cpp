// SPDX-License-Identifier: GPL-3.0-or-later
#include "hdf5_fixture.h"

#include <blosc.h>
#include <liblzf/lzf.h>
#include <lz4.h>
#include <stages/uvh5/chunk_filters.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

namespace skymill::radio::test {

namespace {

constexpr int kLzf = 32000, kBlosc = 32001, kBitshuffle = 32008;
constexpr unsigned kCell = sizeof(std::complex<float>);

using Bytes = std::vector<std::uint8_t>;

void ok(herr_t status) { REQUIRE(status >= 0); }

hdf5::Handle pair_of(hid_t number) {
  const std::size_t bytes = H5Tget_size(number);
  hdf5::Handle type(H5Tcreate(H5T_COMPOUND, 2 * bytes), H5Tclose);
  H5Tinsert(type.id(), "r", 0, number);
  H5Tinsert(type.id(), "i", bytes, number);
  return type;
}

hdf5::Handle file_for(const std::string& path, const MadeDataset& made) {
  const hdf5::Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  const hdf5::Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (made.user_block > 0) ok(H5Pset_userblock(creation.id(), made.user_block));
  if (made.second_headers) ok(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_V18));
  if (made.latest) ok(H5Pset_libver_bounds(access.id(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), H5Fclose};
}

bool own_filter(int filter) { return filter >= kLzf; }

/// While it lives, the library makes data sets with filters that it could else only undo.
class PretendedEncoders {
 public:
  PretendedEncoders() {
    for (const int number : {kLzf, kBlosc, kBitshuffle}) {
      H5Z_class2_t filter{};
      filter.version = H5Z_CLASS_T_VERS;
      filter.id = number;
      filter.encoder_present = filter.decoder_present = 1;
      filter.name = "pretended";
      filter.filter = [](unsigned, std::size_t, const unsigned*, std::size_t, std::size_t*,
                         void**) -> std::size_t { return 0; };
      ok(H5Zregister(&filter));
    }
  }
  ~PretendedEncoders() { hdf5::register_filters(); }
};

unsigned chunk_bytes(const std::vector<hsize_t>& chunk) {
  hsize_t bytes = kCell;
  for (const hsize_t size : chunk) bytes *= size;
  return static_cast<unsigned>(bytes);
}

void set_filter(hid_t creation, int filter, const MadeDataset& made) {
  const unsigned bytes = chunk_bytes(made.chunk);
  const unsigned flag = H5Z_FLAG_OPTIONAL;
  const unsigned lzf[] = {4, 0, bytes}, blosc[] = {2, 2, kCell, bytes, 5, 1, 0};
  const unsigned bitshuffle[] = {0, 3, kCell, 0, made.bitshuffle_lz4};
  switch (filter) {
    case H5Z_FILTER_DEFLATE:
      return ok(H5Pset_deflate(creation, 1));
    case H5Z_FILTER_SHUFFLE:
      return ok(H5Pset_shuffle(creation));
    case H5Z_FILTER_FLETCHER32:
      return ok(H5Pset_fletcher32(creation));
    case kLzf:
      return ok(H5Pset_filter(creation, kLzf, flag, 3, lzf));
    case kBlosc:
      return ok(H5Pset_filter(creation, kBlosc, flag, 7, blosc));
    case kBitshuffle:
      return ok(H5Pset_filter(creation, kBitshuffle, flag, 5, bitshuffle));
    default:
      ok(H5Pset_filter(creation, filter, flag, 0, nullptr));
  }
}

/// Bit by bit, as the format says: plane of byte b and bit k after one another.
Bytes bits_shuffled(const std::uint8_t* from, std::size_t cells) {
  Bytes planes(cells * kCell, 0);
  for (std::size_t b = 0; b < kCell; ++b) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      for (std::size_t cell = 0; cell < cells; ++cell) {
        const unsigned one = from[cell * kCell + b] >> bit & 1U;
        planes[(b * 8 + bit) * (cells / 8) + cell / 8] |=
            static_cast<std::uint8_t>(one << cell % 8);
      }
    }
  }
  return planes;
}

void put_big_endian(Bytes& into, std::uint64_t value, std::size_t bytes) {
  for (std::size_t k = bytes; k-- > 0;) into.push_back(static_cast<std::uint8_t>(value >> 8 * k));
}

Bytes bitshuffled(const Bytes& plain, bool lz4) {
  constexpr std::size_t kBlock = 1024;  // cells; 8192 bytes, the default
  const std::size_t cells = plain.size() / kCell;
  Bytes packed;
  if (lz4) {
    put_big_endian(packed, plain.size(), 8);
    put_big_endian(packed, kBlock * kCell, 4);
  }
  std::size_t done = 0;
  while (cells - done >= 8) {
    const std::size_t now = std::min(kBlock, (cells - done) / 8 * 8);
    const Bytes planes = bits_shuffled(&plain[done * kCell], now);
    if (lz4) {
      std::vector<char> block(static_cast<std::size_t>(LZ4_compressBound(int(planes.size()))));
      const int size = LZ4_compress_default(reinterpret_cast<const char*>(planes.data()),
                                            block.data(), int(planes.size()), int(block.size()));
      put_big_endian(packed, static_cast<std::uint64_t>(size), 4);
      packed.insert(packed.end(), block.begin(), block.begin() + size);
    } else {
      packed.insert(packed.end(), planes.begin(), planes.end());
    }
    done += now;
  }
  packed.insert(packed.end(), plain.begin() + static_cast<std::ptrdiff_t>(done * kCell),
                plain.end());
  return packed;
}

/// Nothing when the filter is left out, since it would not shrink the chunk.
std::optional<Bytes> packed_by(int filter, const Bytes& plain, const MadeDataset& made) {
  Bytes packed(plain.size() + BLOSC_MAX_OVERHEAD);
  std::size_t size = 0;
  switch (filter) {
    case kLzf:
      size = lzf_compress(plain.data(), unsigned(plain.size()), packed.data(),
                          unsigned(plain.size() - 1));
      if (size == 0) return std::nullopt;
      break;
    case kBlosc: {
      const int done = blosc_compress_ctx(5, 1, kCell, plain.size(), plain.data(), packed.data(),
                                          packed.size(), "lz4", 0, 1);
      REQUIRE(done > 0);
      size = static_cast<std::size_t>(done);
      break;
    }
    case kBitshuffle:
      return bitshuffled(plain, made.bitshuffle_lz4 == 2);
    default:
      FAIL("no such filter");
  }
  packed.resize(size);
  return packed;
}

/// The cells of a chunk, with zeros beyond the data set.
Bytes chunk_at(const std::vector<std::complex<float>>& cells, const MadeDataset& made,
               const std::vector<hsize_t>& at) {
  std::vector<std::complex<float>> chunk(chunk_bytes(made.chunk) / kCell);
  for (std::size_t k = 0; k < chunk.size(); ++k) {
    std::size_t rest = k, stride = 1, from = 0;
    bool inside = true;
    for (std::size_t axis = made.shape.size(); axis-- > 0;) {
      const std::size_t place = at[axis] + rest % made.chunk[axis];
      rest /= made.chunk[axis];
      inside = inside && place < made.shape[axis];
      from += place * stride;
      stride *= made.shape[axis];
    }
    if (inside) chunk[k] = cells[from];
  }
  Bytes bytes(chunk.size() * kCell);
  std::memcpy(bytes.data(), chunk.data(), bytes.size());
  return bytes;
}

void write_own(hid_t dataset, const std::vector<std::complex<float>>& cells,
               const MadeDataset& made) {
  std::vector<hsize_t> at(made.shape.size(), 0);
  for (unsigned number = 0;; ++number) {
    if (made.skip_chunks_from == 0 || number < made.skip_chunks_from) {
      const Bytes plain = chunk_at(cells, made, at);
      const auto packed = packed_by(made.filters.at(0), plain, made);
      const Bytes& stored = packed ? *packed : plain;
      ok(H5Dwrite_chunk(dataset, H5P_DEFAULT, packed ? 0 : 1, at.data(), stored.size(),
                        stored.data()));
    }
    std::size_t axis = at.size();
    while (axis-- > 0) {
      at[axis] += made.chunk[axis];
      if (at[axis] < made.shape[axis]) break;
      at[axis] = 0;
      if (axis == 0) return;
    }
  }
}

void write_rows(hid_t dataset, hid_t type, const std::vector<hsize_t>& shape, hsize_t first,
                hsize_t count, const void* from) {
  std::vector<hsize_t> start(shape.size(), 0), size = shape;
  start[0] = first;
  size[0] = count;
  const hdf5::Handle space(H5Dget_space(dataset), H5Sclose);
  const hdf5::Handle memory(H5Screate_simple(int(size.size()), size.data(), nullptr), H5Sclose);
  ok(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr));
  ok(H5Dwrite(dataset, type, memory.id(), space.id(), H5P_DEFAULT, from));
}

}  // namespace

std::vector<std::complex<float>> cells_of(const std::vector<hsize_t>& shape) {
  std::size_t count = 1;
  for (const hsize_t size : shape) count *= size;
  std::vector<std::complex<float>> cells(count);
  std::uint32_t state = 12345;
  for (std::size_t k = 0; k < count; ++k) {
    state = state * 1664525U + 1013904223U;
    cells[k] = {static_cast<float>(k), static_cast<float>(state >> 28U)};
  }
  return cells;
}

void make_file(const std::string& path, const MadeDataset& made) {
  const hdf5::Lock lock;
  const PretendedEncoders encoders;
  const auto cells = cells_of(made.shape);
  const hdf5::Handle file = file_for(path, made);
  REQUIRE(file.valid());
  const hdf5::Handle type = pair_of(H5T_NATIVE_FLOAT);
  const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  auto shape = made.shape;
  auto most = made.shape;
  if (!made.chunk.empty()) {
    ok(H5Pset_chunk(creation.id(), int(made.chunk.size()), made.chunk.data()));
    for (const int filter : made.filters) set_filter(creation.id(), filter, made);
    most[0] = H5S_UNLIMITED;
    if (made.rows_a_step > 0) shape[0] = 0;
  }
  const hdf5::Handle space(H5Screate_simple(int(shape.size()), shape.data(), most.data()),
                           H5Sclose);
  const hdf5::Handle dataset(H5Dcreate2(file.id(), "cells", type.id(), space.id(), H5P_DEFAULT,
                                        creation.id(), H5P_DEFAULT),
                             H5Dclose);
  REQUIRE(dataset.valid());
  if (!made.filters.empty() && own_filter(made.filters[0])) {
    return write_own(dataset.id(), cells, made);
  }
  const hsize_t step = made.rows_a_step > 0 ? made.rows_a_step : made.shape[0];
  const std::size_t row = cells.size() / made.shape[0];
  for (hsize_t first = 0; first < made.shape[0]; first += step) {
    const hsize_t count = std::min(step, made.shape[0] - first);
    shape[0] = first + count;
    if (made.rows_a_step > 0) ok(H5Dset_extent(dataset.id(), shape.data()));
    write_rows(dataset.id(), type.id(), made.shape, first, count, &cells[first * row]);
  }
}

void make_numbers(const std::string& path, const std::vector<hsize_t>& shape,
                  const std::vector<hsize_t>& chunk, hid_t type, bool complex) {
  const hdf5::Lock lock;
  const auto cells = cells_of(shape);
  std::vector<double> numbers;
  for (const auto& cell : cells) {
    numbers.push_back(std::fmod(cell.real(), 97));
    if (complex) numbers.push_back(cell.imag() - 7);
  }
  const hdf5::Handle file = file_for(path, {});
  const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (!chunk.empty()) ok(H5Pset_chunk(creation.id(), int(chunk.size()), chunk.data()));
  const hdf5::Handle pair = complex ? pair_of(type) : hdf5::Handle(H5Tcopy(type), H5Tclose);
  const hdf5::Handle memory =
      complex ? pair_of(H5T_NATIVE_DOUBLE) : hdf5::Handle(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose);
  const hdf5::Handle space(H5Screate_simple(int(shape.size()), shape.data(), nullptr), H5Sclose);
  const hdf5::Handle dataset(H5Dcreate2(file.id(), "cells", pair.id(), space.id(), H5P_DEFAULT,
                                        creation.id(), H5P_DEFAULT),
                             H5Dclose);
  REQUIRE(dataset.valid());
  ok(H5Dwrite(dataset.id(), memory.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()));
}

std::vector<std::complex<float>> read_all(hdf5::DatasetReader& reader, hsize_t band) {
  const hsize_t rows = reader.layout().rows(), row = reader.layout().cells_of_row();
  std::vector<std::complex<float>> cells(rows * row, {-1, -1});
  for (hsize_t first = 0; first < rows; first += band) {
    reader.read_rows(first, std::min(band, rows - first), &cells[first * row]);
  }
  return cells;
}

}  // namespace skymill::radio::test
