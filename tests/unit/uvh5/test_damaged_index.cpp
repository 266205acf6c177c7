// SPDX-License-Identifier: GPL-3.0-or-later
// Object headers, chunk indices and chunks that are damaged end in a sentence.
#include <core/error.h>
#include <stages/uvh5/dataset_reader.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <functional>

#include "hdf5_fixture.h"
#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;
using hdf5::CellType;

namespace {

/// A file with an index of several levels, whose bytes can be changed.
struct Damaged {
  Scratch scratch{"/tmp", "test"};
  std::string path = scratch.path() + "/made.h5";
  std::string whole;
  std::vector<hsize_t> shape{1200, 1, 12, 2};

  explicit Damaged(const std::vector<int>& filters) {
    make_file(path, {shape, {1, 1, 5, 1}, filters, 50});
    whole = text_of(path);
  }

  void write(const std::string& bytes) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  /// What is wrong when all is read while the library still sees the file as it was.
  std::string fault(const std::function<void(std::string&)>& damage) const {
    write(whole);
    auto file = hdf5::OpenFile::open(path);
    std::string bytes = whole;
    damage(bytes);
    write(bytes);
    file.raw = std::make_shared<const hdf5::RawFile>(path);
    try {
      hdf5::DatasetReader reader(file, "cells", CellType::complex_float);
      if (reader.layout().shape != shape) return "another shape";
      read_all(reader, 100);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::input);
      CHECK_THAT(error.message(), Contains(path) && Contains("'cells'"));
      return error.message();
    }
    return "nothing went wrong";
  }

  /// Places of the nodes of the chunk index; the root has the highest level.
  std::vector<std::size_t> nodes(int level) const {
    std::vector<std::size_t> places;
    for (std::size_t at = 0; (at = whole.find("TREE", at)) != std::string::npos; ++at) {
      if (whole[at + 4] == 1 && whole[at + 5] == level) places.push_back(at);
    }
    return places;
  }
};

constexpr std::size_t kHead = 24, kKey = 8 + 8 * 5, kAddress = 8;

}  // namespace

TEST_CASE("a damaged chunk index is named with file and data set") {
  const Damaged file({});
  REQUIRE(file.nodes(0).size() > 10);
  REQUIRE(file.nodes(2).size() == 1);
  const std::size_t leaf = file.nodes(0)[5], branch = file.nodes(1)[1], root = file.nodes(2)[0];
  // The key of a second polarization, which may become a third without losing its place.
  const std::size_t second =
      leaf + kHead + (file.whole[leaf + kHead + 32] == 1 ? 0 : kKey + kAddress);
  struct Change {
    std::size_t at;
    std::string bytes;
    const char* expected;
  };
  const Change changes[] = {
      {leaf, "TREF", "no node"},
      {leaf + 4, std::string(1, '\0'), "no node"},
      {leaf + 5, "\x01", "levels out of order"},
      {leaf + 6, "\xff\x7f", "a node of 32767 children"},
      {leaf + kHead, std::string("\x01\0\0\0", 4), "1 bytes instead of"},
      {leaf + kHead + 8, std::string(2, '\xff'), "a node out of order"},
      {second + 32, "\x02", "a chunk at cell 2 of axis 3"},
      {leaf + kHead + kKey, std::string(7, '\x7f'), "outside the file"},
      {leaf + kHead + kKey, std::string(8, '\xff'), "outside the file"},
      {branch + kHead + kKey, std::string(7, '\x7f'), "leads outside the file"},
      {root + 5, "\x05", "levels out of order"},
  };
  for (const Change& change : changes) {
    CAPTURE(change.at, change.expected);
    CHECK_THAT(file.fault([&](std::string& bytes) {
      bytes.replace(change.at, change.bytes.size(), change.bytes);
    }),
               Contains(change.expected));
  }
  // The second child of a branch becomes the first once more.
  CHECK_THAT(file.fault([&](std::string& bytes) {
    const std::size_t first = branch + kHead + kKey, next = first + kAddress + kKey;
    bytes.replace(next, kAddress, bytes.substr(first, kAddress));
  }),
             Contains("twice"));
  // A branch that leads to itself.
  CHECK_THAT(file.fault([&](std::string& bytes) {
    std::string self;
    for (std::size_t k = 0; k < 8; ++k) self += static_cast<char>(branch >> 8 * k);
    bytes.replace(branch + kHead + kKey, kAddress, self);
  }),
             Contains("levels out of order"));
}

TEST_CASE("any bytes of index and header may be wrong without a crash") {
  const Damaged file({2, 1});
  const std::size_t root = file.nodes(2).at(0);
  std::uint32_t state = 99;
  std::size_t noticed = 0;
  for (int k = 0; k < 400; ++k) {
    const auto next = [&] { return (state = state * 1664525U + 1013904223U) >> 8U; };
    const std::size_t level = next() % 3;
    const auto places = file.nodes(static_cast<int>(level));
    // Bytes of nodes, of the object header before the root, and anywhere.
    std::size_t at = places[next() % places.size()] + next() % 3000;
    if (k % 4 == 1) at = root - std::min<std::size_t>(root, next() % 2048);
    if (k % 4 == 2) at = next();
    at %= file.whole.size();
    const std::string fault = file.fault([&](std::string& bytes) {
      for (std::size_t b = 0; b < 1 + next() % 8 && at + b < bytes.size(); ++b) {
        bytes[at + b] = static_cast<char>(next());
      }
    });
    noticed += fault == "nothing went wrong" ? 0 : 1;
  }
  CHECK(noticed > 50);
}

TEST_CASE("a file that is cut short while it is open is named") {
  const Damaged file({2, 1});
  for (const double part : {0.05, 0.3, 0.7, 0.99}) {
    CHECK_THAT(file.fault([&](std::string& bytes) {
      bytes.resize(static_cast<std::size_t>(part * double(bytes.size())));
    }),
               Contains("damaged 'cells'"));
  }
}

TEST_CASE("damaged chunks are named with their place and filter") {
  struct Filtered {
    std::vector<int> filters;
    const char* expected;
  };
  const Filtered all[] = {
      {{1}, "deflate: "}, {{3}, "fletcher32: the checksum is wrong"}, {{2, 1}, "deflate: "}};
  for (const Filtered& one : all) {
    const Damaged file(one.filters);
    const std::size_t leaf = file.nodes(0)[3];
    std::size_t chunk = 0;
    for (std::size_t k = 8; k-- > 0;) {
      chunk = chunk << 8U | static_cast<std::uint8_t>(file.whole[leaf + kHead + kKey + k]);
    }
    CHECK_THAT(file.fault([&](std::string& bytes) {
      for (std::size_t k = 0; k < 12; ++k) bytes[chunk + k] = static_cast<char>(~bytes[chunk + k]);
    }),
               Contains("chunk") && Contains("at byte " + std::to_string(chunk)) &&
                   Contains(one.expected));
  }
}
