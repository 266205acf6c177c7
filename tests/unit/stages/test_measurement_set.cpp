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
                    Catch::Matchers::Contains("lo.ms' (MJD") &&
                        Catch::Matchers::Contains("other.ms' (MJD") &&
                        Catch::Matchers::Contains("overlap in time"));
}

TEST_CASE("sets of several times and windows are one, whatever their order") {
  const auto set = [](double freq_hz, double time_s, const std::string& antenna) {
    ObservationHeader header = *small_observation(observation(freq_hz)).header;
    header.source = std::to_string(freq_hz) + " at " + std::to_string(time_s);
    header.antennas[1].name = antenna;
    header.rows = header.rows_per_description[0] = 40;
    header.time_first_s = time_s;
    header.time_last_s = time_s + 100;
    header.observations = {{header.telescope, "observer", "", time_s, time_s + 100}};
    header.states = {{}};
    header.states[0].intent = antenna;
    return std::make_shared<const ObservationHeader>(header);
  };
  const auto low_early = set(1.4e9, 1000, "A"), low_late = set(1.4e9, 2000, "B");
  const auto high_early = set(1.5e9, 1000, "A"), high_late = set(1.5e9, 2000, "B");
  const JoinedObservations joined = join_observations({high_late, low_late, high_early, low_early});
  const ObservationHeader& whole = *joined.header;
  CHECK(whole.antennas.size() == 6);
  CHECK(whole.fields.size() == 1);
  CHECK(whole.observations.size() == 2);
  CHECK(whole.states.size() == 2);
  REQUIRE(whole.spectral_windows.size() == 2);
  CHECK(whole.spectral_windows[0].chan_freq_hz[0] == 1.4e9);
  CHECK(whole.rows == 160);
  CHECK(whole.rows_per_description == std::vector<std::size_t>{80, 80});
  CHECK(whole.time_first_s == 1000);
  CHECK(whole.time_last_s == 2100);
  const auto time_of = [&](std::size_t place) { return joined.order[place] < 2 ? 2000 : 1000; };
  CHECK(time_of(0) + time_of(1) == 2000);
  CHECK(time_of(2) + time_of(3) == 4000);

  Visibilities rows;
  rows.header = low_late;
  rows.time_s = {2000, 2010};
  rows.antenna1 = {0, 1};
  rows.antenna2 = {1, 2};
  rows.field_id = {0, 0};
  rows.state_id = {0, -1};
  renumber(rows, joined.numbers[1], whole);
  CHECK(whole.antennas[static_cast<std::size_t>(rows.antenna2[0])].name == "B");
  CHECK(rows.antenna1[0] == rows.antenna2[1] - 2);
  CHECK(whole.states[static_cast<std::size_t>(rows.state_id[0])].intent == "B");
  CHECK(rows.state_id[1] == -1);
  CHECK(whole.observations[static_cast<std::size_t>(rows.observation_id[0])].first_s == 2000);
  CHECK(rows.data_desc_id == 0);

  rows.antenna1 = {0, 0};
  rows.antenna2 = {1, 2};
  rows.state_id = {0, -1};
  rows.observation_id = {5, 0};
  CHECK_THROWS_WITH(renumber(rows, joined.numbers[1], whole),
                    Catch::Matchers::Contains("OBSERVATION_ID 5"));
  CHECK_THROWS_WITH(join_observations({low_early, set(1.4e9, 1100, "A")}),
                    Catch::Matchers::Contains("overlap in time"));
  CHECK(join_observations({low_early}).header->antennas.size() == 5);
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
