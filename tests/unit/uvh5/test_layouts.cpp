// SPDX-License-Identifier: GPL-3.0-or-later
// Layouts of the writer: where the data lie on disk, as h5py sees it, and that the contents are the
// same in all of them.
#include <core/error.h>
#include <stages/uvh5/uvh5_chunk_place.h>
#include <stages/uvh5/uvh5_writer.h>
#include <catch2/catch.hpp>

#include <map>
#include <sstream>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;

namespace {

/// What layout_fingerprint.py says of a file, by the name of the data set.
std::map<std::string, std::string> fingerprint(const std::string& path, const std::string& folder) {
  const std::string log = folder + "/fingerprint.log";
  REQUIRE(
      run("'" SKYMILL_PYTHON "' -B '" SKYMILL_TEST_SCRIPTS "/layout_fingerprint.py' '" + path + "'",
          log) == 0);
  std::map<std::string, std::string> lines;
  std::istringstream text(text_of(log));
  for (std::string line; std::getline(text, line);) {
    lines[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  }
  return lines;
}

/// A subband with all antennas and channels of the DSA-110, and cells of zeros.
std::string write_full(const std::string& path, Uvh5Subband subband, std::size_t times) {
  for (int k = 0; k < 117; ++k) {
    Antenna antenna;
    antenna.name = std::to_string(k + 1);
    subband.antennas.push_back(antenna);
  }
  subband.position = {-2.064, 0.65, 1222};
  subband.antennas_in_data = 96;
  subband.baselines = 4656;
  for (int c = 0; c < 48; ++c) subband.freq_hz.push_back(1.498643188e9 - 244140.625 * c);
  subband.polarizations = {-5, -6};
  subband.rows = times * subband.baselines;
  Uvh5Writer writer(path, subband);
  Uvh5Rows rows;
  rows.time_jd.assign(4656, 2460000.5);
  rows.interval_s.assign(4656, 12.884901888);
  rows.antenna1.assign(4656, 0);
  rows.antenna2.assign(4656, 1);
  rows.uvw_m.assign(3 * 4656, 1.25);
  Uvh5Cells cells;
  cells.data.resize(4656 * 96);
  cells.flag.resize(4656 * 96);
  cells.nsamples.resize(4656 * 96);
  for (std::size_t t = 0; t < times; ++t) writer.append(rows, cells);
  writer.finish();
  return path;
}

}  // namespace

TEST_CASE("a full subband has the fingerprint of the correlator's, down to the number of chunks") {
  if (!has_h5py()) return;
  const Scratch scratch("/tmp", "test");
  const auto found = fingerprint(write_full(scratch.path() + "/a.hdf5", {}, 24), scratch.path());
  // dsa110.md 1.6 and appendix A.
  CHECK(found.at("superblock") == "0");
  CHECK(found.at("Header/ant_1_array") == "<i8 111744 grows 1024 110 filters");
  CHECK(found.at("Header/time_array") == "<f8 111744 grows 1024 110 filters");
  CHECK(found.at("Header/integration_time") == "<f8 111744 grows 1024 110 filters");
  CHECK(found.at("Header/uvw_array") == "<f4 111744x3 grows 512x3 219 filters");
  CHECK(found.at("Data/visdata") == "<c8 111744x1x48x2 grows 128x1x12x1 6984 filters");
  CHECK(found.at("Data/flags") == "|b1 111744x1x48x2 grows 256x1x24x1 1748 filters");
  CHECK(found.at("Data/nsamples") == "<f4 111744x1x48x2 grows 256x1x12x1 3496 filters");
}

TEST_CASE("the other layouts lie on disk as they say") {
  if (!has_h5py()) return;
  const Scratch scratch("/tmp", "test");
  Uvh5Subband subband;
  subband.layout = Uvh5Layout::seed;
  subband.latest_format = true;
  auto found = fingerprint(write_full(scratch.path() + "/seed.hdf5", subband, 2), scratch.path());
  // One integration of visdata is 3.41 MiB; filters 2 and 1 are shuffle and deflate.
  CHECK(found.at("Data/visdata") == "<c8 9312x1x48x2 grows 4656x1x48x2 2 filters 2 1");
  CHECK(found.at("Data/flags") == "|b1 9312x1x48x2 grows 4656x1x48x2 2 filters 2 1");
  CHECK(found.at("Header/time_array") == "<f8 9312 grows 1024 10 filters");
  CHECK(std::stoi(found.at("superblock")) >= 2);
  subband.deflate = 0;
  found = fingerprint(write_full(scratch.path() + "/plain.hdf5", subband, 2), scratch.path());
  CHECK(found.at("Data/nsamples") == "<f4 9312x1x48x2 grows 4656x1x48x2 2 filters");

  subband = {};
  subband.layout = Uvh5Layout::generic;
  found = fingerprint(write_full(scratch.path() + "/generic.hdf5", subband, 2), scratch.path());
  CHECK(found.at("superblock") == "0");
  CHECK(found.at("Header/uvw_array") == "<f8 9312x3 fixed contiguous 0 filters");
  // What h5py takes for a data set of this shape with chunks=True.
  CHECK(found.at("Data/visdata") == "<c8 9312x48x2 fixed 582x6x1 256 filters");

  subband.layout = Uvh5Layout::contiguous;
  found = fingerprint(write_full(scratch.path() + "/flat.hdf5", subband, 2), scratch.path());
  CHECK(found.at("Header/uvw_array") == "<f4 9312x3 fixed contiguous 0 filters");
  CHECK(found.at("Data/visdata") == "<c8 9312x1x48x2 fixed contiguous 0 filters");
}

TEST_CASE("all layouts read back as the same observation") {
  const Scratch scratch("/tmp", "test");
  const SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  const auto read = [&](Uvh5WriterParams writer, const std::string& name) {
    writer.output = scratch.path() + "/" + name;
    const auto files = write_observation(simulate, writer);
    REQUIRE(files.size() == 2);
    Uvh5File file(files.front());
    CHECK(file.header().phasing == Phasing::meridian);
    Uvh5Cells cells;
    file.read_cells(0, file.header().rows, cells);
    return std::make_pair(cells, file.read_rows(0, file.header().rows));
  };
  const auto [cells, rows] = read({}, "writer");
  REQUIRE(cells.data.size() == 3 * 10 * 8 * 2);
  for (const std::string layout : {"seed", "generic", "contiguous"}) {
    for (const std::string format : {"earliest", "latest"}) {
      for (const std::size_t append : {1, 2}) {
        Uvh5WriterParams params;
        params.layout = layout;
        params.format = format;
        params.append = append;
        CAPTURE(layout, format, append);
        const auto [other, its_rows] = read(params, layout + format + std::to_string(append));
        CHECK(other.data == cells.data);
        CHECK(other.flag == cells.flag);
        CHECK(other.nsamples == cells.nsamples);
        CHECK(its_rows.time_jd == rows.time_jd);
        CHECK(its_rows.antenna1 == rows.antenna1);
        for (std::size_t k = 0; k < rows.uvw_m.size(); ++k) {
          // Single precision in all but `generic`.
          CHECK(static_cast<float>(its_rows.uvw_m[k]) == static_cast<float>(rows.uvw_m[k]));
        }
      }
    }
  }
}

TEST_CASE("uvw of the generic layout have double precision") {
  const Scratch scratch("/tmp", "test");
  Uvh5WriterParams params;
  params.output = scratch.path() + "/out";
  params.layout = "generic";
  const SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  const Uvh5File file(write_observation(simulate, params).front());
  CHECK(file.header().version == "1.0");
  const Uvh5Rows rows = file.read_rows(0, file.header().rows);
  std::size_t finer = 0;
  for (const double uvw : rows.uvw_m) finer += uvw != static_cast<float>(uvw) ? 1 : 0;
  CHECK(finer > rows.uvw_m.size() / 3);
}

TEST_CASE("integrations written together stand together on disk") {
  const Scratch scratch("/tmp", "test");
  SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  simulate.times = 60;
  std::map<std::size_t, std::uint64_t> offset;
  for (const std::size_t append : {1, 60}) {
    Uvh5WriterParams params;
    params.append = append;
    params.output = scratch.path() + "/append" + std::to_string(append);
    const std::string path = write_observation(simulate, params).front();
    // The chunks of the first 128 rows come first; how far off is the last one of all?
    const std::uint64_t chunks = visdata_chunk(path, 0).chunks;
    REQUIRE(chunks > 1);
    const ChunkPlace last = visdata_chunk(path, chunks - 1);
    CHECK(last.first_row > 0);
    offset[append] = last.offset - visdata_chunk(path, 0).offset;
  }
  // Otherwise the chunks of flags and nsamples lie between.
  CHECK(offset[60] < offset[1]);
}

TEST_CASE("a layout of fixed size wants the rows it was made for") {
  const Scratch scratch("/tmp", "test");
  Uvh5Subband subband;
  subband.layout = Uvh5Layout::contiguous;
  subband.antennas.resize(2);
  subband.antennas_in_data = 2;
  subband.baselines = 1;
  subband.freq_hz = {1.4e9};
  subband.width_hz = 1e6;
  subband.polarizations = {-5};
  subband.rows = 2;
  Uvh5Rows rows;
  rows.time_jd = {2460000.5};
  rows.interval_s = {10};
  rows.antenna1 = {0};
  rows.antenna2 = {1};
  rows.uvw_m = {1, 2, 3};
  Uvh5Cells cells;
  cells.data = {1};
  cells.flag = {0};
  cells.nsamples = {1};
  Uvh5Writer writer(scratch.path() + "/a.hdf5", subband);
  writer.append(rows, cells);
  CHECK_THROWS_WITH(writer.finish(), Contains("only 1 of the 2 rows"));
  writer.append(rows, cells);
  CHECK_THROWS_WITH(writer.append(rows, cells), Contains("more than the 2 rows"));
}
