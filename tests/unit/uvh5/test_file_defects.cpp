// SPDX-License-Identifier: GPL-3.0-or-later
// Groups of files back to back, and every defect of files that uvh5_writer makes on request.
#include <core/error.h>
#include <stages/uvh5_writer/file_defects.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

/// The names of all files that come of an observation of 2 subbands.
std::vector<std::string> names_of(const std::string& folder, const Uvh5WriterParams& writer,
                                  std::size_t groups = 1) {
  SimulateParams simulate = small_dsa110(write_eop(folder));
  simulate.times = 4;
  simulate.groups = groups;
  Uvh5WriterParams params = writer;
  params.output = folder + "/out";
  if (groups > 1) params.times_per_file = 4;
  fs::remove_all(params.output);
  write_observation(simulate, params);
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(params.output)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> names_with(const std::string& folder, const std::string& defect) {
  Uvh5WriterParams writer;
  writer.defects = {defect};
  return names_of(folder, writer);
}

using Names = std::vector<std::string>;
const Names kWhole{"2023-02-25T12:00:06_sb00.hdf5", "2023-02-25T12:00:06_sb01.hdf5"};

}  // namespace

TEST_CASE("groups stand back to back in files of their own") {
  const Scratch scratch("/tmp", "test");
  CHECK(names_of(scratch.path(), {}) == kWhole);
  const Names names = names_of(scratch.path(), {}, 3);
  // 4 integrations of 12.88 s.
  CHECK(names == Names{kWhole[0], kWhole[1], "2023-02-25T12:00:57_sb00.hdf5",
                       "2023-02-25T12:00:57_sb01.hdf5", "2023-02-25T12:01:49_sb00.hdf5",
                       "2023-02-25T12:01:49_sb01.hdf5"});
  double last_jd = 0;
  for (std::size_t k = 0; k < names.size(); k += 2) {
    const Uvh5File file(scratch.path() + "/out/" + names[k]);
    const Uvh5File other(scratch.path() + "/out/" + names[k + 1]);
    CHECK(file.header().times == 4);
    CHECK(file.header().time_first_jd == other.header().time_first_jd);
    if (k > 0) {
      CHECK((file.header().time_first_jd - last_jd) * 86400 == Approx(12.884901888).epsilon(1e-5));
    }
    last_jd = file.header().time_last_jd;
  }
}

TEST_CASE("the last file is short when the integrations do not fill it") {
  const Scratch scratch("/tmp", "test");
  for (const std::string layout : {"writer", "contiguous"}) {
    Uvh5WriterParams writer;
    writer.times_per_file = 3;
    writer.layout = layout;
    const Names names = names_of(scratch.path(), writer);
    REQUIRE(names.size() == 4);
    CHECK(Uvh5File(scratch.path() + "/out/" + names[0]).header().times == 3);
    CHECK(Uvh5File(scratch.path() + "/out/" + names[2]).header().times == 1);
  }
}

TEST_CASE("missing, duplicate, incomplete and late subbands show in the names") {
  const Scratch scratch("/tmp", "test");
  CHECK(names_with(scratch.path(), "missing sb00") == Names{kWhole[1]});
  CHECK(names_with(scratch.path(), "incomplete sb01") ==
        Names{kWhole[0], "2023-02-25T12:00:06_sb01_incomplete.hdf5"});
  CHECK(names_with(scratch.path(), "late sb01") ==
        Names{kWhole[0], "2023-02-25T12:00:51_sb01.hdf5"});
  const Names names = names_with(scratch.path(), "duplicate sb00");
  CHECK(names == Names{kWhole[0], kWhole[1], "2023-02-25T12:00:13_sb00.hdf5"});
  CHECK(text_of(scratch.path() + "/out/" + names[0]) ==
        text_of(scratch.path() + "/out/" + names[2]));
}

TEST_CASE("a defect of any subband hits one in every group, by the seed") {
  const Scratch scratch("/tmp", "test");
  std::set<Names> outcomes;
  for (std::size_t seed = 1; seed < 9; ++seed) {
    Uvh5WriterParams writer;
    writer.defects = {"missing any"};
    writer.seed = seed;
    outcomes.insert(names_of(scratch.path(), writer));
    CHECK(names_of(scratch.path(), writer).size() == 1);
  }
  CHECK(outcomes.size() == 2);
  Uvh5WriterParams writer;
  writer.defects = {"missing sb00 group 1"};
  const Names names = names_of(scratch.path(), writer, 2);
  CHECK(names == Names{kWhole[0], kWhole[1], "2023-02-25T12:00:57_sb01.hdf5"});
}

TEST_CASE("truncated, corrupted and unreadable files are what they are called") {
  const Scratch scratch("/tmp", "test");
  const Uvh5WriterParams plain;
  const auto path = [&](std::size_t k) { return scratch.path() + "/out/" + kWhole[k]; };
  names_of(scratch.path(), plain);
  const std::string whole = text_of(path(0));

  names_with(scratch.path(), "truncated sb00");
  CHECK(text_of(path(0)) == whole.substr(0, whole.size() / 5 * 3));
  CHECK_THROWS_AS(Uvh5File(path(0)), Error);
  CHECK_NOTHROW(Uvh5File(path(1)));

  names_with(scratch.path(), "corrupted sb00");
  const std::string corrupted = text_of(path(0));
  REQUIRE(corrupted.size() == whole.size());
  const auto first = std::mismatch(whole.begin(), whole.end(), corrupted.begin()).first;
  const auto last = std::mismatch(whole.rbegin(), whole.rend(), corrupted.rbegin()).first;
  REQUIRE(first != whole.end());
  CHECK(last.base() - first <= 4096);
  CHECK(last.base() - first > 1000);
  CHECK_NOTHROW(Uvh5File(path(0)));  // only the data suffered

  names_with(scratch.path(), "unreadable sb00");
  CHECK(fs::status(path(0)).permissions() == fs::perms::none);
  CHECK(fs::status(path(1)).permissions() != fs::perms::none);
  fs::permissions(path(0), fs::perms::owner_all);
  CHECK(text_of(path(0)).size() == whole.size());
}

TEST_CASE("a corrupted chunk that is compressed cannot be read") {
  const Scratch scratch("/tmp", "test");
  Uvh5WriterParams writer;
  writer.layout = "seed";
  names_of(scratch.path(), writer);
  const auto read = [&] {
    const Uvh5File file(scratch.path() + "/out/" + kWhole[0]);
    Uvh5Cells cells;
    file.read_cells(0, file.header().rows, cells);
  };
  CHECK_NOTHROW(read());
  writer.defects = {"corrupted sb00"};
  names_of(scratch.path(), writer);
  CHECK_THROWS_WITH(read(), Contains("visdata"));
}

TEST_CASE("a short subband has fewer integrations, one with wrong antennas another one") {
  const Scratch scratch("/tmp", "test");
  for (const std::string layout : {"writer", "generic"}) {
    Uvh5WriterParams writer;
    writer.layout = layout;
    writer.defects = {"short sb01", "antennas sb00"};
    names_of(scratch.path(), writer);
    const Uvh5File wrong(scratch.path() + "/out/" + kWhole[0]);
    const Uvh5File shorter(scratch.path() + "/out/" + kWhole[1]);
    CHECK(wrong.header().times == 4);
    CHECK(shorter.header().times == 2);
    const Uvh5Rows a = wrong.read_rows(0, 10), b = shorter.read_rows(0, 10);
    std::set<std::int32_t> ours(a.antenna2.begin(), a.antenna2.end());
    std::set<std::int32_t> theirs(b.antenna2.begin(), b.antenna2.end());
    CHECK(ours.size() == theirs.size());
    CHECK(ours != theirs);
    ours.insert(theirs.begin(), theirs.end());
    CHECK(ours.size() == theirs.size() + 1);
  }
}

TEST_CASE("clocks of the hosts differ, by no more than a minute") {
  double square = 0, most = 0;
  for (std::size_t group = 0; group < 500; ++group) {
    for (int subband = 0; subband < 16; ++subband) {
      const double shift = name_jitter_s(2, group, subband, 1);
      square += shift * shift / 8000;
      most = std::max(most, std::abs(name_jitter_s(60, group, subband, 1)));
    }
  }
  CHECK(std::sqrt(square) == Approx(2).epsilon(0.05));
  CHECK(most == 60);
  const Scratch scratch("/tmp", "test");
  Uvh5WriterParams writer;
  writer.name_jitter = 20;
  const Names names = names_of(scratch.path(), writer);
  REQUIRE(names.size() == 2);
  CHECK(names[0].substr(0, 19) != names[1].substr(0, 19));
  CHECK(names == names_of(scratch.path(), writer));
  writer.seed = 2;
  CHECK(names != names_of(scratch.path(), writer));
}

TEST_CASE("a defect that cannot be read is named") {
  for (const std::string line : {"lost sb00", "missing", "missing sb7", "missing sb00 group",
                                 "missing sb00 group x", "missing sb00 group 1 2", "missing 00"}) {
    CAPTURE(line);
    CHECK_THROWS_WITH(parse_defects({line}), Contains("'" + line + "'"));
  }
  CHECK(parse_defects({"missing any group 3"})[0].group == std::size_t{3});
}
