// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/measurement_set/ms_reader_stage.h>
#include <stages/measurement_set/ms_writer_stage.h>
#include <catch2/catch.hpp>

#include <filesystem>

#include "small_observation.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

SimulateParams observation(double freq_hz) {
  SimulateParams params;
  params.antennas = 5;
  params.times = 4;
  params.nchan = 3;
  params.freq = freq_hz;
  params.ra = 1.0;
  params.sources = {"10arcsec 0arcsec 1Jy"};
  return params;
}

void write_ms(const SmallObservation& all, const std::string& path, std::size_t chunk_rows) {
  MsWriterParams params;
  params.output = path;
  testing::run_sink<MsWriterStage>(params, in_chunks(all.rows, chunk_rows),
                                   visibility_spec(all.header));
}

}  // namespace

TEST_CASE("what is written into a MeasurementSet is read back bit by bit, in any chunks") {
  const Scratch scratch("/tmp", "test");
  const std::string path = scratch.path() + "/one.ms";
  const SmallObservation all = small_observation(observation(1.4e9));
  write_ms(all, path, 7);
  for (const std::size_t chunk_bytes : {std::size_t{65536}, std::size_t{1} << 24}) {
    MsReaderParams params;
    params.input = {path};
    params.chunk_bytes = chunk_bytes;
    std::vector<std::complex<float>> data;
    std::vector<double> uvw;
    testing::run_source<MsReaderStage>(params, [&](const Chunk<Visibilities>& chunk) {
      data.insert(data.end(), chunk->data.begin(), chunk->data.end());
      uvw.insert(uvw.end(), chunk->uvw_m.begin(), chunk->uvw_m.end());
      CHECK(chunk->header->antennas.size() == 5);
    });
    CHECK(data == all.rows.data);
    CHECK(uvw == all.rows.uvw_m);
  }
}

TEST_CASE("two sets of one array are read as the windows of one") {
  const Scratch scratch("/tmp", "test");
  write_ms(small_observation(observation(1.4e9)), scratch.path() + "/lo.ms", 100);
  write_ms(small_observation(observation(1.403e9)), scratch.path() + "/hi.ms", 100);
  MsReaderParams params;
  params.input = {scratch.path() + "/lo.ms", scratch.path() + "/hi.ms"};
  std::vector<int> descriptions;
  std::shared_ptr<const ObservationHeader> header;
  testing::run_source<MsReaderStage>(params, [&](const Chunk<Visibilities>& chunk) {
    descriptions.push_back(chunk->data_desc_id);
    header = chunk->header;
  });
  CHECK(descriptions == std::vector<int>{0, 1});
  REQUIRE(header->spectral_windows.size() == 2);
  CHECK(header->spectral_windows[1].chan_freq_hz[0] == 1.403e9);
  CHECK(header->rows == 80);

  SimulateParams other = observation(1.4e9);
  other.antennas = 6;
  write_ms(small_observation(other), scratch.path() + "/other.ms", 100);
  params.input = {scratch.path() + "/lo.ms", scratch.path() + "/other.ms"};
  CHECK_THROWS_WITH(testing::run_source<MsReaderStage>(params, [](const Chunk<Visibilities>&) {}),
                    Catch::Matchers::Contains("number of antennas"));
}

TEST_CASE("a run that fails leaves no MeasurementSet behind") {
  const Scratch scratch("/tmp", "test");
  const SmallObservation all = small_observation(observation(1.4e9));
  auto chunks = in_chunks(all.rows, 10);
  chunks.back()->antenna1.front() = 99;  // no such antenna
  MsWriterParams params;
  params.output = scratch.path() + "/broken.ms";
  CHECK_THROWS_AS(
      testing::run_sink<MsWriterStage>(params, std::move(chunks), visibility_spec(all.header)),
      Error);
  CHECK(std::filesystem::is_empty(scratch.path()));
}

TEST_CASE("a selection by text cuts rows and channels of what is read") {
  const Scratch scratch("/tmp", "test");
  const std::string path = scratch.path() + "/one.ms";
  const SmallObservation all = small_observation(observation(1.4e9));
  write_ms(all, path, 7);
  const auto rows_and_channels = [&](const MsReaderParams& params) {
    std::pair<std::size_t, std::size_t> found{0, 0};
    testing::run_source<MsReaderStage>(params, [&](const Chunk<Visibilities>& chunk) {
      found.first += chunk->rows();
      found.second = chunk->nchan;
    });
    return found;
  };
  MsReaderParams params;
  params.input = {path};
  CHECK(rows_and_channels(params) == std::pair<std::size_t, std::size_t>{40, 3});
  params.spw = {"0:1~2"};
  params.antenna = "!0";
  CHECK(rows_and_channels(params) == std::pair<std::size_t, std::size_t>{24, 2});
  params.spw = {"0"};  // as an integer of a list comes
  params.antenna.clear();
  CHECK(rows_and_channels(params) == std::pair<std::size_t, std::size_t>{40, 3});
  params.uvrange = ">1000km";
  CHECK_THROWS_WITH(rows_and_channels(params), Catch::Matchers::Contains("uvrange"));
  params.uvrange.clear();
  params.spw = {"0", "7"};
  CHECK_THROWS_WITH(rows_and_channels(params), Catch::Matchers::Contains("spw '0,7'"));
}
