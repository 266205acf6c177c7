// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/ms_reader.h>
#include <stages/ms/table_kind.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "data_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

MsSelection with_autocorrelations() {
  MsSelection selection;
  selection.autocorrelations = true;
  return selection;
}

template <class T>
void dump(const std::string& path, const std::vector<T>& values) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

/// Bytes that this process has asked the kernel to read so far.
std::size_t bytes_asked_for() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::size_t bytes = 0;
  io >> name >> bytes;
  return name == "rchar:" ? bytes : 0;
}

}  // namespace

TEST_CASE("every real MeasurementSet reads the same in any chunk size", "[ms]") {
  const auto data = real_data("chunk sizes");
  if (!data) return;
  for (const auto& path : measurement_sets(*data)) {
    INFO(path);
    Lane lane("test");
    MsReader reader = open_reader(lane, path, with_autocorrelations());
    const Checksums whole = read_all(lane, reader, reader.header()->rows);
    CHECK(whole.rows == reader.header()->rows);
    CHECK(whole.rows > 0);
    CHECK(reader.rows_read() == whole.rows);
    CHECK(reader.bytes_read() > whole.rows * 64);
    CHECK(read_all(lane, reader, 7) == whole);
    CHECK(read_all(lane, reader, 131) == whole);
    lane.run([&](const Lane::Token& token) { reader.close(token); });
  }
}

TEST_CASE("what rows are chosen by is not read again with the data", "[ms]") {
  const auto data = real_data("bytes read");
  if (!data) return;
  const auto path = *data / "ms" / "alma_HD142527_345GHz_FREQ78.ms";
  Lane lane("test");
  MsReader reader = open_reader(lane, path, with_autocorrelations());
  const std::size_t before = bytes_asked_for();
  read_all(lane, reader, reader.header()->rows);
  const std::size_t asked = bytes_asked_for() - before;
  // DATA, FLAG, WEIGHT_SPECTRUM and WEIGHT, but neither baselines (table.f1) nor UVW (table.f6).
  std::size_t samples = 0;
  for (const char* file : {"table.f2_TSM1", "table.f3_TSM1", "table.f5_TSM1", "table.f7_TSM1"}) {
    samples += std::filesystem::file_size(path / file);
  }
  CHECK(asked >= samples);
  CHECK(asked < samples + 65536);
  lane.run([&](const Lane::Token& token) { reader.close(token); });
}

TEST_CASE("header values of the real data", "[ms]") {
  const auto data = real_data("header values");
  if (!data) return;
  Lane lane("test");
  const auto header_of = [&](const char* name) {
    return open_reader(lane, *data / "ms" / name, with_autocorrelations()).header();
  };
  const auto vla = header_of("vla_J1008_36GHz_64ch.ms");
  CHECK(vla->telescope == "EVLA");
  CHECK(vla->observer == "Mark J. Mark Claussen");
  CHECK(vla->rows == 1360);
  REQUIRE(vla->spectral_windows.size() == 1);
  CHECK(vla->spectral_windows[0].chan_freq_hz.size() == 64);
  CHECK(vla->spectral_windows[0].meas_freq_ref == 5);
  CHECK(vla->spectral_windows[0].chan_freq_hz[0] == Approx(36.3e9).epsilon(1e-3));
  REQUIRE(vla->data_descriptions.size() == 1);
  CHECK(vla->data_descriptions[0].corr_types == std::vector<int>{5, 6, 7, 8});
  REQUIRE(vla->fields.size() == 1);
  CHECK(vla->fields[0].phase_dir.frame == "J2000");
  CHECK(vla->time_last_s - vla->time_first_s == Approx(80).epsilon(0).margin(10));
  CHECK(vla->max_uvw_m > 100);

  const auto lwa = header_of("ovrolwa_109ch.ms");
  CHECK(lwa->telescope == "OVRO_MMA");
  CHECK(lwa->antennas.size() == 256);
  CHECK(lwa->spectral_windows[0].meas_freq_ref == 1);
  CHECK(lwa->data_descriptions[0].corr_types == std::vector<int>{9, 12, 10, 11});

  const auto bda = header_of("lofar_4spw_unequal.ms");
  REQUIRE(bda->data_descriptions.size() == 4);
  std::vector<std::size_t> channels;
  for (const SpectralWindow& window : bda->spectral_windows) {
    channels.push_back(window.chan_freq_hz.size());
  }
  CHECK(channels == std::vector<std::size_t>{3, 4, 1, 8});
  std::size_t sum = 0;
  for (const std::size_t rows : bda->rows_per_description) sum += rows;
  CHECK(sum == bda->rows);
  CHECK(bda->rows == 153);

  CHECK(header_of("lofar_hba_64ch.ms")->antennas.size() == 60);
  CHECK(header_of("wsrt_3C343_16ch.ms")->telescope == "WSRT");
}

TEST_CASE("unequal windows become segments of equal shape", "[ms]") {
  const auto data = real_data("segments");
  if (!data) return;
  Lane lane("test");
  MsReader reader =
      open_reader(lane, *data / "ms" / "lofar_4spw_unequal.ms", with_autocorrelations());
  std::size_t next = 0;
  for (const MsSegment& segment : reader.segments()) {
    CHECK(segment.first == next);
    next += segment.count;
    const Visibilities chunk = lane.run([&](const Lane::Token& token) {
      return reader.read(token, segment.first, 100000);  // ends with the segment
    });
    CHECK(chunk.rows() == segment.count);
    CHECK(chunk.data_desc_id == segment.data_desc_id);
    CHECK(chunk.data.size() == chunk.rows() * chunk.nchan * chunk.ncorr);
    CHECK(chunk.weight_spectrum.size() == chunk.data.size());
    CHECK(std::is_sorted(chunk.time_s.begin(), chunk.time_s.end()));
  }
  CHECK(next == reader.header()->rows);
  CHECK_THROWS_AS(lane.run([&](const Lane::Token& token) { reader.read(token, next, 1); }), Error);
}

TEST_CASE("autocorrelations and fields are selected", "[ms]") {
  const auto data = real_data("selection");
  if (!data) return;
  Lane lane("test");
  for (const auto& path : measurement_sets(*data)) {
    INFO(path);
    MsReader all = open_reader(lane, path, with_autocorrelations());
    MsReader cross = open_reader(lane, path);
    const auto everything = lane.run(
        [&](const Lane::Token& token) { return all.read(token, 0, all.segments().front().count); });
    std::size_t expected = 0;
    for (std::size_t row = 0; row < everything.rows(); ++row) {
      expected += everything.antenna1[row] != everything.antenna2[row];
    }
    if (expected == 0) continue;
    const auto chunk = lane.run([&](const Lane::Token& token) {
      return cross.read(token, 0, cross.segments().front().count);
    });
    CHECK(chunk.rows() == expected);
    // The rows that are left are those of the whole, in the same order.
    std::size_t at = 0;
    bool same = true;
    for (std::size_t row = 0; row < everything.rows(); ++row) {
      if (everything.antenna1[row] == everything.antenna2[row]) continue;
      same = same && chunk.uvw_m[3 * at] == everything.uvw_m[3 * row] &&
             chunk.antenna1[at] == everything.antenna1[row];
      ++at;
    }
    CHECK(same);
  }
  const std::string vla = *data / "ms" / "vla_J1008_36GHz_64ch.ms";
  const auto rows_with = [&](const std::string& fields) {
    MsSelection selection = with_autocorrelations();
    selection.fields = fields;
    return open_reader(lane, vla, selection).header()->rows;
  };
  CHECK(rows_with("0") == 1360);
  CHECK(rows_with("J1008*") == 1360);
  CHECK_THROWS_WITH(rows_with("1"), Catch::Contains("field '1'"));
  CHECK_THROWS_WITH(rows_with("3C48"), Catch::Contains("3C48"));
}

TEST_CASE("the column is chosen and a fallback is told", "[ms]") {
  const auto data = real_data("column choice");
  if (!data) return;
  Lane lane("test");
  const std::string vla = *data / "ms" / "vla_J1008_36GHz_64ch.ms";
  MsReader reader = open_reader(lane, vla);
  CHECK(reader.used_column() == "DATA");
  REQUIRE_FALSE(reader.notes().empty());
  CHECK_THAT(reader.notes().front(), Catch::Contains("CORRECTED_DATA"));
  MsSelection model;
  model.datacolumn = "model";
  CHECK_THROWS_WITH(open_reader(lane, vla, model), Catch::Contains("no column MODEL_DATA"));
  model.datacolumn = "best";
  CHECK_THROWS_WITH(open_reader(lane, vla, model), Catch::Contains("'best' is not known"));
}

TEST_CASE("what is read equals what python-casacore reads", "[ms]") {
  const auto data = real_data("python-casacore");
  if (!data || !has_program("/usr/bin/python3")) return;
  for (const auto& path : measurement_sets(*data)) {
    INFO(path);
    Scratch scratch;
    Lane lane("test");
    MsReader reader = open_reader(lane, path, with_autocorrelations());
    for (const MsSegment& segment : reader.segments()) {
      const auto chunk = lane.run([&](const Lane::Token& token) {
        return reader.read(token, segment.first, segment.count);
      });
      const std::string stem = scratch.path(std::to_string(segment.data_desc_id));
      dump(stem + ".DATA", chunk.data);
      dump(stem + ".FLAG", chunk.flag);
      dump(stem + ".UVW", chunk.uvw_m);
      dump(stem + ".WEIGHT", chunk.weight);
      dump(stem + ".TIME", chunk.time_s);
      if (!chunk.weight_spectrum.empty()) dump(stem + ".WEIGHT_SPECTRUM", chunk.weight_spectrum);
    }
    const std::string log = scratch.path("log");
    const int code = run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/compare_columns.py '" +
                             path.string() + "' '" + scratch.path("") + "'",
                         log);
    INFO(text_of(log));
    CHECK(code == 0);
  }
}

TEST_CASE("two tables are read in two lanes at once", "[ms]") {
  const auto data = real_data("two lanes");
  if (!data) return;
  const std::string first = *data / "ms" / "vla_J1008_36GHz_lo32.ms";
  const std::string second = *data / "ms" / "lofar_hba_64ch.ms";
  const auto sums_of = [](const std::string& path) {
    Lane lane(path);
    MsReader reader = open_reader(lane, path, with_autocorrelations());
    return read_all(lane, reader, 13);
  };
  const Checksums expected_first = sums_of(first);
  const Checksums expected_second = sums_of(second);
  for (int round = 0; round < 20; ++round) {
    Checksums got_first, got_second;
    std::thread other([&] { got_first = sums_of(first); });
    got_second = sums_of(second);
    other.join();
    CHECK(got_first == expected_first);
    CHECK(got_second == expected_second);
  }
}

TEST_CASE("tables are recognised without opening them", "[ms]") {
  const auto data = real_data("table kinds");
  if (!data) return;
  CHECK(is_casa_table(*data / "ms" / "wsrt_3C343_16ch.ms"));
  CHECK(casa_table_type(*data / "ms" / "wsrt_3C343_16ch.ms") == "Measurement Set");
  CHECK(casa_table_type(*data / "image" / "M17_SWex.image") == "Image");
  CHECK(casa_table_type(*data / "cal" / "sma.ms.bcal") == "Calibration");
  CHECK_FALSE(is_casa_table(*data / "ms"));
  CHECK_FALSE(is_casa_table(*data / "README.md"));
  CHECK_FALSE(is_casa_table(*data / "nothing here"));
}
