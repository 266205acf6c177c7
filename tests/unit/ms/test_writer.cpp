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
    CHECK(after->uvw_sense == UvwSense::unknown);
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

TEST_CASE("weights alike in all channels make no column of their own", "[ms]") {
  Scratch scratch;
  Lane lane("test");
  const std::string path = scratch.path("same.ms");
  const auto header = std::make_shared<const ObservationHeader>(small_header());
  lane.run([&](const Lane::Token& token) {
    MsWriter writer(token, path, header);
    Visibilities chunk = small_chunk(3);
    chunk.weight_spectrum.assign(12, 4);
    writer.append(token, chunk);
    writer.finish(token);
  });
  MsReader reader = open_reader(lane, path);
  const auto all = lane.run([&](const Lane::Token& token) { return reader.read(token, 0, 3); });
  CHECK(all.weight_spectrum.empty());
  CHECK(all.weight == std::vector<float>(6, 4));
}

TEST_CASE("MODEL_DATA and CORRECTED_DATA are made on request only", "[ms]") {
  Scratch scratch;
  Lane lane("test");
  const auto header = std::make_shared<const ObservationHeader>(small_header());
  for (const bool wanted : {false, true}) {
    const std::string path = scratch.path(wanted ? "more.ms" : "plain.ms");
    lane.run([&](const Lane::Token& token) {
      MsLayout layout;
      layout.model_column = layout.corrected_column = wanted;
      MsWriter writer(token, path, header, layout);
      writer.append(token, small_chunk(5));
      writer.finish(token);
    });
    MsSelection model = everything();
    model.datacolumn = "model";
    if (!wanted) {
      CHECK_THROWS_WITH(open_reader(lane, path, model), Catch::Contains("no column MODEL_DATA"));
      CHECK(open_reader(lane, path).used_column() == "DATA");
      continue;
    }
    MsReader zeros = open_reader(lane, path, model);
    const auto rows = lane.run([&](const Lane::Token& token) { return zeros.read(token, 0, 5); });
    CHECK(rows.data == std::vector<std::complex<float>>(20));
    MsReader corrected = open_reader(lane, path);
    CHECK(corrected.used_column() == "CORRECTED_DATA");
    const auto copy =
        lane.run([&](const Lane::Token& token) { return corrected.read(token, 0, 5); });
    CHECK(copy.data == small_chunk(5).data);
  }
}

namespace {

/// Three windows of two channels each that follow each other.
ObservationHeader windows_in_a_row() {
  ObservationHeader header = small_header();
  header.spectral_windows = {{"b", {1.2e9, 1.3e9}, {1e8, 1e8}, 5, 1.2e9},
                             {"a", {1.0e9, 1.1e9}, {1e8, 1e8}, 5, 1.0e9},
                             {"c", {1.4e9, 1.5e9}, {1e8, 1e8}, 5, 1.4e9}};
  header.data_descriptions = {{0, {9, 12}}, {1, {9, 12}}, {2, {9, 12}}};
  header.rows = 15;
  header.rows_per_description = {5, 5, 5};
  return header;
}

/// Rows [first, first + count) of a window, each sample with a value of its own.
Visibilities window_rows(int window, std::size_t first, std::size_t count) {
  Visibilities chunk = small_chunk(count);
  chunk.data_desc_id = window;
  for (std::size_t row = 0; row < count; ++row) {
    chunk.time_s[row] = 5e9 + static_cast<double>(first + row);
    for (std::size_t k = 0; k < 4; ++k) {
      chunk.data[4 * row + k] = {static_cast<float>(first + row),
                                 static_cast<float>(10 * window) + static_cast<float>(k)};
      chunk.flag[4 * row + k] = (first + row + k + static_cast<std::size_t>(window)) % 3 == 0;
    }
  }
  return chunk;
}

Visibilities joined_rows(const Scratch& scratch, const std::string& name,
                         const std::vector<Visibilities>& chunks) {
  Lane lane("test");
  const auto header = std::make_shared<const ObservationHeader>(windows_in_a_row());
  const std::string path = scratch.path(name);
  lane.run([&](const Lane::Token& token) {
    MsLayout layout;
    layout.join_windows = true;
    MsWriter writer(token, path, header, layout);
    for (const Visibilities& chunk : chunks) writer.append(token, chunk);
    writer.finish(token);
  });
  MsReader reader = open_reader(lane, path, everything());
  CHECK(reader.header()->spectral_windows.at(0).chan_freq_hz ==
        std::vector<double>{1.0e9, 1.1e9, 1.2e9, 1.3e9, 1.4e9, 1.5e9});
  CHECK(reader.header()->data_descriptions.size() == 1);
  return lane.run([&](const Lane::Token& token) { return reader.read(token, 0, 5); });
}

}  // namespace

TEST_CASE("windows that follow each other become one, in whatever pieces they come", "[ms]") {
  const Scratch scratch;
  const std::vector<std::vector<Visibilities>> orders{
      {window_rows(0, 0, 5), window_rows(1, 0, 5), window_rows(2, 0, 5)},
      {window_rows(2, 0, 2), window_rows(1, 0, 1), window_rows(1, 1, 3), window_rows(0, 0, 3),
       window_rows(2, 2, 3), window_rows(0, 3, 2), window_rows(1, 4, 1)}};
  for (std::size_t k = 0; k < orders.size(); ++k) {
    const Visibilities all = joined_rows(scratch, std::to_string(k), orders[k]);
    REQUIRE(all.rows() == 5);
    REQUIRE(all.nchan == 6);
    const std::vector<int> window_of_channels{1, 0, 2};
    for (std::size_t row = 0; row < 5; ++row) {
      CHECK(all.time_s[row] == 5e9 + static_cast<double>(row));
      for (std::size_t k2 = 0; k2 < 12; ++k2) {
        const Visibilities source = window_rows(window_of_channels[k2 / 4], row, 1);
        CHECK(all.data[12 * row + k2] == source.data[k2 % 4]);
        CHECK(all.flag[12 * row + k2] == source.flag[k2 % 4]);
      }
    }
    CHECK(all.weight == std::vector<float>(10, 4));
    CHECK(all.weight_spectrum.empty());
  }
}

TEST_CASE("weights of joined windows that differ make a spectrum", "[ms]") {
  const Scratch scratch;
  std::vector<Visibilities> chunks{window_rows(0, 0, 5), window_rows(1, 0, 3), window_rows(2, 0, 5),
                                   window_rows(1, 3, 2)};
  chunks[3].weight.assign(4, 7);
  // Window 2 is all flagged in row 1, so that its weight there is of no account.
  std::fill_n(chunks[2].flag.begin() + 4, 4, 1);
  chunks[2].weight[2] = chunks[2].weight[3] = 0;
  const Visibilities all = joined_rows(scratch, "w", chunks);
  REQUIRE(all.weight_spectrum.size() == 60);
  CHECK(std::vector<float>(all.weight.begin(), all.weight.begin() + 6) == std::vector<float>(6, 4));
  for (std::size_t k = 6; k < 10; ++k) CHECK(all.weight[k] == Approx(5));
  for (std::size_t row = 3; row < 5; ++row) {
    for (std::size_t k = 0; k < 12; ++k) {
      CHECK(all.weight_spectrum[12 * row + k] == (k < 4 ? 7 : 4));
    }
  }
  for (std::size_t k = 0; k < 12; ++k) CHECK(all.weight_spectrum[k] == 4);
}

TEST_CASE("windows that do not join are refused", "[ms]") {
  const Scratch scratch;
  const auto refusal = [&](const auto& change) -> std::string {
    ObservationHeader header = windows_in_a_row();
    change(header);
    Lane lane("test");
    MsLayout layout;
    layout.join_windows = true;
    try {
      lane.run([&](const Lane::Token& token) {
        MsWriter(token, scratch.path("refused"), std::make_shared<const ObservationHeader>(header),
                 layout);
      });
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  using Header = ObservationHeader;
  CHECK(refusal([](Header&) {}).empty());
  CHECK_THAT(refusal([](Header& h) {
               h.spectral_windows[2].chan_freq_hz = {1.45e9, 1.55e9};
             }),
             Catch::Contains("does not follow"));
  CHECK_THAT(refusal([](Header& h) {
               h.spectral_windows[2].chan_freq_hz = {1.3e9, 1.4e9};
             }),
             Catch::Contains("does not follow"));
  CHECK_THAT(refusal([](Header& h) {
               h.spectral_windows[2].chan_width_hz = {2e8, 2e8};
             }),
             Catch::Contains("one width"));
  CHECK_THAT(refusal([](Header& h) {
               h.spectral_windows[0].chan_freq_hz = {1.3e9, 1.2e9};
             }),
             Catch::Contains("does not follow"));
  CHECK_THAT(refusal([](Header& h) {
               h.data_descriptions[1].corr_types = {9, 10};
             }),
             Catch::Contains("correlations"));
  CHECK_THAT(refusal([](Header& h) { h.spectral_windows[1].meas_freq_ref = 1; }),
             Catch::Contains("frame"));
  CHECK_THAT(refusal([](Header& h) { h.rows_per_description[1] = 4; }), Catch::Contains("rows"));
}

TEST_CASE("joined windows must all bring the same rows", "[ms]") {
  const Scratch scratch;
  const std::vector<Visibilities> good{window_rows(0, 0, 5), window_rows(1, 0, 5)};
  std::vector<Visibilities> chunks = good;
  CHECK_THROWS_WITH(joined_rows(scratch, "missing", chunks),
                    Catch::Contains("brought 5, 5, 0 rows"));
  chunks.push_back(window_rows(2, 0, 5));
  chunks.back().antenna2[3] = 0;
  CHECK_THROWS_WITH(joined_rows(scratch, "other", chunks), Catch::Contains("row 3"));
  CHECK_FALSE(std::filesystem::exists(scratch.path("missing")));
  CHECK_FALSE(std::filesystem::exists(scratch.path("other")));
}

TEST_CASE("the sense of uvw is said where it is known, and read again", "[ms]") {
  Scratch scratch;
  Lane lane("test");
  for (const UvwSense sense : {UvwSense::one_minus_two, UvwSense::two_minus_one}) {
    const std::string path = scratch.path(sense == UvwSense::one_minus_two ? "12" : "21");
    auto header = std::make_shared<ObservationHeader>(small_header());
    header->uvw_sense = sense;
    lane.run([&](const Lane::Token& token) {
      MsWriter writer(token, path, header);
      writer.append(token, small_chunk(5));
      writer.finish(token);
    });
    CHECK(open_reader(lane, path).header()->uvw_sense == sense);
  }
}
