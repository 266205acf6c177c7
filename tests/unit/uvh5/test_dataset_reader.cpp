// SPDX-License-Identifier: GPL-3.0-or-later
// Bands of rows read past the library, against what was written and against the library.
#include <core/error.h>
#include <stages/uvh5/dataset_reader.h>
#include <stages/uvh5/uvh5_file.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <iostream>

#include "hdf5_fixture.h"
#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;
using hdf5::CellType;

namespace {

struct Case {
  const char* name;
  MadeDataset made;
  bool direct = true;
};

std::vector<Case> cases() {
  const std::vector<hsize_t> observation{1200, 1, 48, 2}, writer{128, 1, 12, 1};
  const std::vector<hsize_t> small{130, 1, 12, 2}, odd{7, 1, 5, 2};
  std::vector<Case> all;
  all.push_back({"contiguous", {observation, {}, {}}});
  all.push_back({"writer", {observation, writer, {}, 120}});
  all.push_back({"odd chunks, many levels", {{1200, 1, 12, 2}, {3, 1, 5, 1}, {}, 50}});
  all.push_back({"seed", {observation, {120, 1, 48, 2}, {2, 1}, 120}});
  all.push_back({"three axes", {{301, 48, 2}, {32, 10, 1}, {2, 1}}});
  all.push_back({"deflate alone", {small, odd, {1}}});
  all.push_back({"shuffle alone", {small, odd, {2}}});
  all.push_back({"checksum first", {small, odd, {3, 2, 1}}});
  all.push_back({"checksum last", {small, odd, {2, 1, 3}}});
  all.push_back({"lzf", {small, odd, {32000}}});
  all.push_back({"blosc", {observation, writer, {32001}}});
  all.push_back({"bitshuffle", {small, odd, {32008}}});
  all.back().made.bitshuffle_lz4 = 0;
  all.push_back({"bitshuffle and LZ4", {observation, {130, 1, 13, 1}, {32008}}});
  all.push_back({"user block", {small, odd, {}}});
  all.back().made.user_block = 1024;
  all.push_back({"user block, contiguous", {small, {}, {}}});
  all.back().made.user_block = 512;
  all.push_back({"headers of version 2", {small, odd, {2, 1}, 13}});
  all.back().made.second_headers = true;
  all.push_back({"latest format", {small, odd, {}, 13}, false});
  all.back().made.latest = true;
  all.push_back({"latest format, bitshuffle", {small, odd, {32008}}, false});
  all.back().made.latest = true;
  all.push_back({"latest format, contiguous", {small, {}, {}}});
  all.back().made.latest = true;
  return all;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    return error.message();
  }
  return "nothing went wrong";
}

}  // namespace

TEST_CASE("direct reading gives what was written and what the library gives") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  const Scratch scratch{"/tmp", "test"};
  for (const Case& one : cases()) {
    const std::string path = scratch.path() + "/made.h5";
    make_file(path, one.made);
    const auto truth = cells_of(one.made.shape);
    const auto file = hdf5::OpenFile::open(path);
    hdf5::DatasetReader library(file, "cells", CellType::complex_float,
                                {AccessPattern::rows_onward, false});
    CAPTURE(one.name);
    CHECK(read_all(library, 11) == truth);
    for (const hsize_t band : {hsize_t{1}, hsize_t{7}, hsize_t{37}, hsize_t{120}, hsize_t{5000}}) {
      for (const int threads : {1, 2, 8}) {
        if (threads != 8 && band == 1) continue;
        hdf5::DatasetReader direct(file, "cells", CellType::complex_float);
        CAPTURE(band, threads, direct.plan().reason);
        CHECK(direct.plan().direct == one.direct);
        tbb::task_arena arena(threads);
        std::vector<std::complex<float>> got;
        arena.execute([&] { got = read_all(direct, band); });
        CHECK(got == truth);
        // Each chunk comes from the file once, however bands and chunks lie to each other.
        CHECK(direct.counts().chunks == (one.direct ? direct.layout().chunks() : 0));
      }
    }
  }
}

TEST_CASE("numbers of other types are converted as the library does") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = scratch.path() + "/made.h5";
  struct Number {
    hid_t type;
    bool direct;
  };
  const hdf5::Lock lock;
  const Number numbers[] = {{H5T_STD_I32LE, true},   {H5T_STD_I16LE, true},  {H5T_STD_I64LE, true},
                            {H5T_IEEE_F64LE, true},  {H5T_IEEE_F32LE, true}, {H5T_STD_I32BE, false},
                            {H5T_IEEE_F64BE, false}, {H5T_STD_U8LE, true}};
  for (const Number& number : numbers) {
    for (const auto& chunk : {std::vector<hsize_t>{}, std::vector<hsize_t>{9, 1, 4, 1}}) {
      make_numbers(path, {50, 1, 12, 2}, chunk, number.type, true);
      const auto file = hdf5::OpenFile::open(path);
      hdf5::DatasetReader direct(file, "cells", CellType::complex_float);
      hdf5::DatasetReader library(file, "cells", CellType::complex_float,
                                  {AccessPattern::rows_onward, false});
      CHECK(direct.plan().direct == number.direct);
      CHECK(read_all(direct, 13) == read_all(library, 50));
    }
    for (const CellType type : {CellType::real_double, CellType::real_float, CellType::integer}) {
      make_numbers(path, {500}, {64}, number.type, false);
      const auto file = hdf5::OpenFile::open(path);
      hdf5::DatasetReader direct(file, "cells", type);
      hdf5::DatasetReader library(file, "cells", type, {AccessPattern::whole, false});
      std::vector<std::uint8_t> got(500 * hdf5::bytes_of(type)), wanted(got.size());
      direct.read_rows(0, 500, got.data());
      library.read_rows(0, 500, wanted.data());
      CHECK(got == wanted);
    }
  }
}

TEST_CASE("chunks that were never written have the fill value") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = scratch.path() + "/made.h5";
  MadeDataset made{{40, 1, 6, 2}, {7, 1, 5, 2}, {32000}};
  made.skip_chunks_from = 3;
  make_file(path, made);
  const auto file = hdf5::OpenFile::open(path);
  hdf5::DatasetReader direct(file, "cells", CellType::complex_float);
  hdf5::DatasetReader library(file, "cells", CellType::complex_float,
                              {AccessPattern::rows_onward, false});
  const auto got = read_all(direct, 5);
  CHECK(got == read_all(library, 5));
  CHECK(direct.counts().chunks == 3);
  CHECK(got.back() == std::complex<float>(0, 0));
}

TEST_CASE("rows out of order, and the same again, are right as well") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = scratch.path() + "/made.h5";
  make_file(path, {{300, 1, 12, 2}, {32, 1, 6, 1}, {2, 1}});
  const auto truth = cells_of({300, 1, 12, 2});
  const auto file = hdf5::OpenFile::open(path);
  hdf5::DatasetReader reader(file, "cells", CellType::complex_float);
  std::uint32_t state = 7;
  for (int k = 0; k < 200; ++k) {
    state = state * 1664525U + 1013904223U;
    const std::size_t first = state / 7 % 300, count = 1 + state / 2100 % (300 - first);
    std::vector<std::complex<float>> got(count * 24);
    reader.read_rows(first, count, got.data());
    CAPTURE(first, count);
    CHECK(std::equal(got.begin(), got.end(), truth.begin() + std::ptrdiff_t(first * 24)));
  }
  CHECK_THAT(message_of([&] { reader.read_rows(299, 2, nullptr); }), Contains("has 300 rows"));
}

TEST_CASE("reads are few and take little that is not wanted") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = scratch.path() + "/made.h5";
  make_file(path, {{12000, 1, 48, 2}, {128, 1, 12, 1}, {}, 600});
  const auto file = hdf5::OpenFile::open(path);
  hdf5::DatasetReader reader(file, "cells", CellType::complex_float);
  read_all(reader, 600);
  const std::uint64_t chunks = reader.layout().chunks() * reader.layout().chunk_bytes();
  CHECK(reader.counts().chunks == reader.layout().chunks());
  CHECK(reader.counts().data_bytes >= chunks);
  CHECK(reader.counts().data_bytes <= chunks + chunks / 20);
  // A band a read, and the nodes of the index with 32 chunks or more each.
  CHECK(reader.counts().calls <= 20 + 20 + reader.layout().chunks() / 32 + 4);
  CHECK(reader.counts().index_bytes <= 8192 + 4096 * (reader.layout().chunks() / 32 + 4));
}

TEST_CASE("a filter that is not there is named with its number") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = scratch.path() + "/made.h5";
  MadeDataset made{{40, 1, 6, 2}, {7, 1, 5, 2}, {1}};
  make_file(path, made);
  {
    // The number of a filter that nobody has, in place of the deflate that stands in the header.
    hdf5::Lock lock;
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose);
    const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(creation.id(), 4, made.chunk.data());
    H5Pset_filter(creation.id(), 31999, H5Z_FLAG_OPTIONAL, 0, nullptr);
    const hdf5::Handle space(H5Screate_simple(4, made.shape.data(), nullptr), H5Sclose);
    const hdf5::Handle dataset(H5Dcreate2(file.id(), "other", H5T_NATIVE_FLOAT, space.id(),
                                          H5P_DEFAULT, creation.id(), H5P_DEFAULT),
                               H5Dclose);
    REQUIRE(dataset.valid());
  }
  const auto file = hdf5::OpenFile::open(path);
  CHECK_THAT(message_of([&] { hdf5::DatasetReader(file, "other", CellType::real_float); }),
             Contains(path) && Contains("'other'") && Contains("filter 31999"));
}

TEST_CASE("real files: direct reading is bit for bit the library's") {
  const auto data = real_data("direct reading of real files");
  if (!data) return;
  for (const std::string& path : real_uvh5(*data)) {
    const Uvh5File direct(path);
    const Uvh5File library(path, {false});
    CAPTURE(path);
    const std::size_t rows = direct.header().rows;
    Uvh5Cells got, wanted;
    for (std::size_t first = 0; first < rows; first += 173) {
      const std::size_t count = std::min<std::size_t>(173, rows - first);
      direct.read_cells(first, count, got);
      library.read_cells(first, count, wanted);
      CHECK(std::memcmp(got.data.data(), wanted.data.data(), got.data.size() * 8) == 0);
      CHECK(got.flag == wanted.flag);
      CHECK(std::memcmp(got.nsamples.data(), wanted.nsamples.data(), got.nsamples.size() * 4) == 0);
    }
    const Uvh5Rows ours = direct.read_rows(0, rows), theirs = library.read_rows(0, rows);
    CHECK(ours.time_jd == theirs.time_jd);
    CHECK(ours.interval_s == theirs.interval_s);
    CHECK(ours.antenna1 == theirs.antenna1);
    CHECK(ours.antenna2 == theirs.antenna2);
    CHECK(ours.uvw_m == theirs.uvw_m);
    CHECK(ours.centre_id == theirs.centre_id);
    std::size_t ways = 0;
    for (const Uvh5Access& access : direct.accesses()) ways += access.plan.direct ? 1 : 0;
    CHECK(ways > 0);
  }
}
