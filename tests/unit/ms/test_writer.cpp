// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/ms_reader.h>
#include <stages/ms/ms_writer.h>
#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>

#include "data_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

MsSelection everything() {
  MsSelection selection;
  selection.autocorrelations = true;
  return selection;
}

/// Copies an MS through reader and writer in chunks of `count` rows.
void copy_through(Lane& lane, MsReader& reader, const std::string& path, std::size_t count) {
  lane.run([&](const Lane::Token& token) {
    MsLayout layout;
    layout.history = {"copied by a test"};
    MsWriter writer(token, path, reader.header(), layout);
    while (writer.rows_written() < reader.header()->rows) {
      writer.append(token, reader.read(token, writer.rows_written(), count));
    }
    writer.finish(token);
  });
}

/// A small header and chunk without any file behind it.
ObservationHeader small_header(std::size_t fields = 1) {
  ObservationHeader header;
  header.telescope = "TEST";
  header.antennas = {{"A1", "P1", {1, 2, 3}, 25, "alt-az"}, {"A2", "P2", {4, 5, 6}, 25, "alt-az"}};
  header.spectral_windows = {{"w", {1e9, 1.1e9}, {1e8, 1e8}, 1, 1e9}};
  header.data_descriptions = {{0, {9, 12}}};
  for (std::size_t i = 0; i < fields; ++i) {
    header.fields.push_back({"F" + std::to_string(i), {1.25, 0.5, i % 2 ? "ICRS" : "J2000"}, 0});
  }
  return header;
}

Visibilities small_chunk(std::size_t rows) {
  Visibilities chunk;
  chunk.nchan = chunk.ncorr = 2;
  chunk.time_s.assign(rows, 5e9);
  chunk.interval_s.assign(rows, 10);
  chunk.exposure_s.assign(rows, 9);
  chunk.antenna1.assign(rows, 0);
  chunk.antenna2.assign(rows, 1);
  chunk.field_id.assign(rows, 0);
  chunk.scan_number.assign(rows, 3);
  chunk.uvw_m.assign(3 * rows, 100);
  chunk.data.assign(4 * rows, {1, -2});
  chunk.flag.assign(4 * rows, 0);
  chunk.weight.assign(2 * rows, 4);
  return chunk;
}

}  // namespace

TEST_CASE("what is written reads back bit for bit, and others accept it", "[ms]") {
  const auto data = real_data("write and read back");
  if (!data) return;
  for (const char* name : {"vla_J1008_36GHz_64ch.ms", "lofar_hba_64ch.ms", "lofar_4spw_unequal.ms",
                           "ovrolwa_109ch.ms", "wsrt_3C343_16ch.ms"}) {
    INFO(name);
    Scratch scratch;
    Lane lane("test");
    MsReader reader = open_reader(lane, *data / "ms" / name, everything());
    const std::string copy = scratch.path("copy.ms");
    copy_through(lane, reader, copy, 97);
    MsReader again = open_reader(lane, copy, everything());
    CHECK(read_all(lane, again, 1000) == read_all(lane, reader, 1000));
    const ObservationHeader& before = *reader.header();
    const ObservationHeader& after = *again.header();
    CHECK(after.rows_per_description == before.rows_per_description);
    CHECK(after.telescope == before.telescope);
    REQUIRE(after.antennas.size() == before.antennas.size());
    CHECK(after.antennas.back().position_m == before.antennas.back().position_m);
    CHECK(after.antennas.back().name == before.antennas.back().name);
    REQUIRE(after.spectral_windows.size() == before.spectral_windows.size());
    for (std::size_t i = 0; i < after.spectral_windows.size(); ++i) {
      CHECK(after.spectral_windows[i].chan_freq_hz == before.spectral_windows[i].chan_freq_hz);
      CHECK(after.spectral_windows[i].chan_width_hz == before.spectral_windows[i].chan_width_hz);
      CHECK(after.spectral_windows[i].meas_freq_ref == before.spectral_windows[i].meas_freq_ref);
    }
    CHECK(after.data_descriptions[0].corr_types == before.data_descriptions[0].corr_types);
    CHECK(after.fields[0].phase_dir.ra_rad == Approx(before.fields[0].phase_dir.ra_rad));
    CHECK(after.fields[0].phase_dir.frame == before.fields[0].phase_dir.frame);
    CHECK(after.max_uvw_m == before.max_uvw_m);

    const std::string log = scratch.path("log");
    lane.run([&](const Lane::Token& token) { again.close(token); });
    if (has_program("/usr/bin/python3")) {
      const int code =
          run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/check_ms.py '" + copy + "'", log);
      INFO(text_of(log));
      CHECK(code == 0);
    }
    if (has_program("wsclean")) {
      const int code = run("cd '" + scratch.path("") +
                               "' && wsclean -reorder -size 64 64 -scale 1asec -niter 0 -name w '" +
                               copy + "' && test -s w-dirty.fits",
                           log);
      INFO(text_of(log));
      CHECK(code == 0);
    }
  }
}

TEST_CASE("fields keep their frames, equal or not", "[ms]") {
  Scratch scratch;
  for (const std::size_t fields : {1u, 3u}) {
    Lane lane("test");
    const std::string path = scratch.path(std::to_string(fields));
    auto header = std::make_shared<ObservationHeader>(small_header(fields));
    if (fields == 1) header->fields[0].phase_dir.frame = "ICRS";
    lane.run([&](const Lane::Token& token) {
      MsWriter writer(token, path, header);
      writer.append(token, small_chunk(5));
      writer.finish(token);
    });
    const auto after = open_reader(lane, path).header();
    for (std::size_t i = 0; i < fields; ++i) {
      CHECK(after->fields[i].phase_dir.frame == header->fields[i].phase_dir.frame);
      CHECK(after->fields[i].phase_dir.ra_rad == Approx(1.25).epsilon(1e-14));
    }
    CHECK(after->spectral_windows[0].meas_freq_ref == 1);
  }
}

TEST_CASE("weights of a spectrum that comes late fill earlier rows", "[ms]") {
  Scratch scratch;
  Lane lane("test");
  const std::string path = scratch.path("late.ms");
  const auto header = std::make_shared<const ObservationHeader>(small_header());
  lane.run([&](const Lane::Token& token) {
    MsWriter writer(token, path, header);
    writer.append(token, small_chunk(3));
    Visibilities chunk = small_chunk(2);
    chunk.weight_spectrum.assign(8, 7);
    writer.append(token, chunk);
    writer.append(token, small_chunk(1));
    writer.finish(token);
  });
  MsReader reader = open_reader(lane, path);
  const auto all = lane.run([&](const Lane::Token& token) { return reader.read(token, 0, 6); });
  std::vector<float> expected(24, 4);
  std::fill_n(expected.begin() + 12, 8, 7.0F);
  CHECK(all.weight_spectrum == expected);
}

TEST_CASE("rows that do not fit are refused, and no half table stays", "[ms]") {
  Scratch scratch;
  Lane lane("test");
  const std::string path = scratch.path("bad.ms");
  const auto header = std::make_shared<const ObservationHeader>(small_header());
  lane.run([&](const Lane::Token& token) {
    MsWriter writer(token, path, header);
    Visibilities chunk = small_chunk(2);
    chunk.antenna2[1] = 2;
    CHECK_THROWS_WITH(writer.append(token, chunk), Catch::Contains("no antenna 2"));
    chunk = small_chunk(2);
    chunk.weight.pop_back();
    CHECK_THROWS_WITH(writer.append(token, chunk), Catch::Contains("weight has 3"));
    chunk = small_chunk(2);
    chunk.nchan = 1;
    CHECK_THROWS_WITH(writer.append(token, chunk), Catch::Contains("channels"));
    CHECK(std::filesystem::exists(path));
  });
  CHECK_FALSE(std::filesystem::exists(path));
  std::filesystem::create_directory(path);
  lane.run([&](const Lane::Token& token) {
    CHECK_THROWS_WITH(MsWriter(token, path, header), Catch::Contains("exists already"));
  });
}

TEST_CASE("a full disk is an error, not a crash", "[ms]") {
  Scratch scratch;
  Lane lane("test");
  const std::string path = scratch.path("full.ms");
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1 << 20, before.rlim_max};
  std::string text;
  lane.run([&](const Lane::Token& token) {
    auto header = std::make_shared<const ObservationHeader>(small_header());
    try {
      MsWriter writer(token, path, header);
      REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
      for (int i = 0; i < 100; ++i) writer.append(token, small_chunk(20000));
      writer.finish(token);
    } catch (const Error& error) {
      text = error.what();
    }
  });
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, old_handler);
  CHECK_THAT(text, Catch::Contains(path));
  CHECK_FALSE(std::filesystem::exists(path));
}
