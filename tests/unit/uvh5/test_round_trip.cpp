// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <fstream>
#include <map>
#include <tuple>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

/// A row by description, time and antennas.
using RowKey = std::tuple<int, double, int, int>;
struct Row {
  std::vector<std::complex<float>> data;
  std::vector<std::uint8_t> flag;
  std::vector<float> weight;
  std::array<double, 3> uvw{};
  std::int32_t field = 0;
  double interval = 0;
};

std::map<RowKey, Row> rows_of(const WholeStream& stream) {
  std::map<RowKey, Row> rows;
  for (const auto& chunk : stream.chunks) {
    const std::size_t cells = chunk->nchan * chunk->ncorr;
    for (std::size_t r = 0; r < chunk->rows(); ++r) {
      Row row;
      row.data.assign(&chunk->data[r * cells], &chunk->data[r * cells] + cells);
      row.flag.assign(&chunk->flag[r * cells], &chunk->flag[r * cells] + cells);
      row.weight.assign(&chunk->weight[r * chunk->ncorr],
                        &chunk->weight[r * chunk->ncorr] + chunk->ncorr);
      row.uvw = {chunk->uvw_m[3 * r], chunk->uvw_m[3 * r + 1], chunk->uvw_m[3 * r + 2]};
      row.field = chunk->field_id[r];
      row.interval = chunk->interval_s[r];
      const RowKey key(chunk->data_desc_id, chunk->time_s[r], chunk->antenna1[r],
                       chunk->antenna2[r]);
      REQUIRE(rows.emplace(key, std::move(row)).second);
    }
  }
  return rows;
}

void check_same(const WholeStream& made, const WholeStream& got) {
  const auto before = rows_of(made), after = rows_of(got);
  REQUIRE(before.size() == after.size());
  CHECK(got.header->rows == before.size());
  std::size_t different = 0;
  for (const auto& [key, row] : before) {
    const auto found = after.find(key);
    REQUIRE(found != after.end());
    const Row& other = found->second;
    const bool same = row.data == other.data && row.flag == other.flag &&
                      row.weight == other.weight && row.field == other.field &&
                      row.interval == other.interval;
    bool close = true;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      close = close && std::abs(row.uvw[axis] - other.uvw[axis]) < 2e-4;
    }
    if (!same || !close) ++different;
  }
  CHECK(different == 0);
}

/// Writes an observation and says how to read it.
Uvh5ReaderParams written(const Scratch& scratch, const SimulateParams& simulate) {
  Uvh5WriterParams writer;
  writer.output = scratch.path() + "/out";
  std::filesystem::create_directory(writer.output);
  write_observation(simulate, writer);
  Uvh5ReaderParams reader;
  reader.input = {writer.output};
  reader.expect_subbands = 2;
  reader.eop = simulate.eop;
  return reader;
}

}  // namespace

TEST_CASE("simulate, uvh5_writer, uvh5_reader: every row comes back bit by bit") {
  const Scratch scratch("/tmp", "test");
  SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  simulate.gain_amplitude = 0.1;
  simulate.gain_phase = 0.2;
  const WholeStream made = stream_of<Simulate>(simulate);
  const std::vector<std::vector<std::string>> orders = {{}, {"116", "30"}};
  for (const auto& order : orders) {
    Uvh5WriterParams writer;
    writer.output = scratch.path() + "/" + std::to_string(order.size());
    std::filesystem::create_directory(writer.output);
    writer.antenna_order = order;
    if (!order.empty()) {
      // Antennas of the simulation, the last one first: rows with antenna1 > antenna2.
      const auto& chunk = made.chunks.front();
      writer.antenna_order = {
          made.header->antennas[static_cast<std::size_t>(chunk->antenna2.back())].name};
    }
    const auto paths = write_observation(simulate, writer);
    REQUIRE(paths.size() == 2);
    CHECK(std::filesystem::path(paths[0]).filename() == "2023-02-25T12:00:06_sb00.hdf5");
    const Uvh5File file(paths[0]);
    const Uvh5Rows rows = file.read_rows(0, file.header().rows);
    bool backwards = false;
    for (std::size_t r = 0; r < rows.time_jd.size(); ++r) {
      backwards = backwards || rows.antenna1[r] > rows.antenna2[r];
    }
    CHECK(backwards == !order.empty());

    for (const std::size_t bytes : {std::size_t{65536}, std::size_t{1} << 26}) {
      Uvh5ReaderParams reader;
      reader.input = {writer.output};
      reader.expect_subbands = 2;
      reader.eop = simulate.eop;
      reader.chunk_bytes = bytes;
      reader.uvw = "file";
      const WholeStream got = stream_of<Uvh5ReaderStage>(reader);
      check_same(made, got);
      CHECK(got.header->telescope == "DSA_110");
      CHECK(got.header->phasing == Phasing::meridian);
      CHECK(got.header->pointing_dec_rad == simulate.dec);
      CHECK(got.header->antennas.size() == 117);
      CHECK(got.header->antennas[116].diameter_m == 4.65);
      CHECK(got.header->max_uvw_m == Approx(made.header->max_uvw_m).epsilon(0).margin(1e-3));
      REQUIRE(got.header->fields.size() == 3);
      for (std::size_t t = 0; t < 3; ++t) {
        CHECK(got.header->fields[t].name == "meridian_icrs_t" + std::to_string(t));
        CHECK(got.header->fields[t].phase_dir.ra_rad ==
              Approx(made.header->fields[t].phase_dir.ra_rad).margin(5e-11).epsilon(0));
      }
      REQUIRE(got.header->spectral_windows.size() == 2);
      for (std::size_t w = 0; w < 2; ++w) {
        CHECK(got.header->spectral_windows[w].name == made.header->spectral_windows[w].name);
        CHECK(got.header->spectral_windows[w].chan_freq_hz ==
              made.header->spectral_windows[w].chan_freq_hz);
      }
      for (std::size_t k = 0; k < 117; ++k) {
        for (std::size_t axis = 0; axis < 3; ++axis) {
          CHECK(got.header->antennas[k].position_m[axis] ==
                Approx(made.header->antennas[k].position_m[axis]).epsilon(0).margin(1e-6));
        }
      }
    }
  }
}

TEST_CASE(
    "chunks keep to their size and to whole integrations, and autocorrelations can stay out") {
  const Scratch scratch("/tmp", "test");
  SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  simulate.times = 9;
  Uvh5WriterParams writer;
  writer.output = scratch.path() + "/out";
  std::filesystem::create_directory(writer.output);
  write_observation(simulate, writer);
  Uvh5ReaderParams reader;
  reader.input = {writer.output + "/*_sb0?.hdf5"};
  reader.expect_subbands = 2;
  reader.eop = simulate.eop;
  reader.integrations = 4;
  std::vector<std::size_t> rows;
  for (const auto& chunk : stream_of<Uvh5ReaderStage>(reader).chunks) rows.push_back(chunk->rows());
  CHECK(rows == std::vector<std::size_t>{40, 40, 40, 40, 10, 10});
  reader.autocorrelations = false;
  reader.integrations = 9;
  const WholeStream got = stream_of<Uvh5ReaderStage>(reader);
  REQUIRE(got.chunks.size() == 2);
  CHECK(got.chunks[0]->rows() == 54);
  CHECK(got.header->rows == 108);
  CHECK(got.chunks[1].span().at("row") == Extent{54, 108});
}

TEST_CASE("the layout of written files is that of h5py's own choice of chunks and types") {
  if (!has_h5py()) return;
  const Scratch scratch("/tmp", "test");
  SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  simulate.nchan = 48;
  simulate.antennas = 16;
  Uvh5WriterParams writer;
  writer.output = scratch.path() + "/out";
  std::filesystem::create_directory(writer.output);
  const auto paths = write_observation(simulate, writer);
  const std::string log = scratch.path() + "/log";
  const int code = run(
      "'" SKYMILL_PYTHON "' -B '" SKYMILL_TEST_SCRIPTS "/check_layout.py' '" + paths[0] + "'", log);
  INFO(text_of(log));
  CHECK(code == 0);
}

TEST_CASE("positions of old drift files, turned to the meridian, become ITRF") {
  if (!has_h5py()) return;
  const Scratch scratch("/tmp", "test");
  SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  simulate.subbands = 1;
  simulate.antennas = 20;
  simulate.dec = 37.2314 * 3.14159265358979323846 / 180;  // the zenith: uvw are east, north, up
  Uvh5WriterParams writer;
  writer.output = scratch.path() + "/out";
  std::filesystem::create_directory(writer.output);
  const auto paths = write_observation(simulate, writer);
  const auto made = Uvh5File(paths[0]).header();
  const std::string python =
      "import h5py, numpy as np, sys\n"
      "with h5py.File(sys.argv[1], 'r+') as f:\n"
      "    h = f['Header']; del h['extra_keywords/phase_center_epoch']\n"
      "    lon = np.deg2rad(h['longitude'][()]); p = h['antenna_positions'][:]\n"
      "    x = np.cos(lon) * p[:, 0] + np.sin(lon) * p[:, 1]\n"
      "    y = np.cos(lon) * p[:, 1] - np.sin(lon) * p[:, 0]\n"
      "    if len(sys.argv) > 2: h['antenna_positions'][:] = np.c_[x, y, p[:, 2]]\n";
  std::ofstream(scratch.path() + "/turn.py") << python;
  for (const std::string turn : {" turn", ""}) {
    std::filesystem::copy_file(paths[0], scratch.path() + "/changed.hdf5",
                               std::filesystem::copy_options::overwrite_existing);
    REQUIRE(run("'" SKYMILL_PYTHON "' -B '" + scratch.path() + "/turn.py' '" + scratch.path() +
                    "/changed.hdf5'" + turn,
                scratch.path() + "/log") == 0);
    const auto got = Uvh5File(scratch.path() + "/changed.hdf5").header();
    CHECK(got.phasing == Phasing::unprojected);
    for (std::size_t k = 0; k < 117; ++k) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        CHECK(got.antennas[k].position_m[axis] ==
              Approx(made.antennas[k].position_m[axis]).epsilon(0).margin(1e-6));
      }
    }
  }
}

TEST_CASE("data that are not fringe-stopped to the meridian are refused") {
  const Scratch scratch("/tmp", "test");
  SimulateParams simulate;
  simulate.antennas = 4;
  Uvh5WriterParams writer;
  writer.output = scratch.path();
  CHECK_THROWS_WITH(write_observation(simulate, writer),
                    Catch::Matchers::Contains("not fringe-stopped to the meridian"));
}

TEST_CASE("uvw of meridian data are those of each integration's own centre") {
  const Scratch scratch("/tmp", "test");
  const SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  Uvh5ReaderParams reader = written(scratch, simulate);
  const WholeStream got = stream_of<Uvh5ReaderStage>(reader);
  const auto earth = EarthOrientation::find(simulate.eop);
  double largest = 0, moved = 0;
  for (const auto& chunk : got.chunks) {
    for (std::size_t r = 0; r < chunk->rows(); ++r) {
      const Direction& centre =
          got.header->fields[static_cast<std::size_t>(chunk->field_id[r])].phase_dir;
      const auto uvw = antenna_uvw_m(got.header->antennas, got.header->position, {chunk->time_s[r]},
                                     centre, earth)[0];
      const auto& a = uvw[static_cast<std::size_t>(chunk->antenna1[r])];
      const auto& b = uvw[static_cast<std::size_t>(chunk->antenna2[r])];
      const auto fixed =
          antenna_uvw_m(got.header->antennas, got.header->position,
                        earth_fixed_axes(0, simulate.dec, got.header->position.longitude_rad));
      const auto& c = fixed[static_cast<std::size_t>(chunk->antenna1[r])];
      const auto& d = fixed[static_cast<std::size_t>(chunk->antenna2[r])];
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const double value = chunk->uvw_m[3 * r + axis];
        largest = std::max(largest, std::abs(value - (a[axis] - b[axis])));
        if (axis < 2) moved = std::max(moved, std::abs(value - (c[axis] - d[axis])));
        // w is that to which the data were phased.
        if (axis == 2) CHECK(std::abs(value - (c[2] - d[2])) < 2e-6);
      }
    }
  }
  CHECK(largest < 1e-9);
  CHECK(moved > 0.01);  // precession turns u and v since J2000
}

TEST_CASE("any number of readers gives the same chunks") {
  const Scratch scratch("/tmp", "test");
  const SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  Uvh5ReaderParams reader = written(scratch, simulate);
  reader.readers = 1;
  const WholeStream one = stream_of<Uvh5ReaderStage>(reader);
  for (const std::size_t readers : {2, 3, 8}) {
    reader.readers = readers;
    const WholeStream many = stream_of<Uvh5ReaderStage>(reader);
    REQUIRE(many.chunks.size() == one.chunks.size());
    for (std::size_t k = 0; k < one.chunks.size(); ++k) {
      CHECK(many.chunks[k].span() == one.chunks[k].span());
      CHECK(many.chunks[k]->data_desc_id == one.chunks[k]->data_desc_id);
      CHECK(many.chunks[k]->data == one.chunks[k]->data);
      CHECK(many.chunks[k]->uvw_m == one.chunks[k]->uvw_m);
    }
  }
}
