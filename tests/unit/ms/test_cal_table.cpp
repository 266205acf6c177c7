// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/cal_table_reader.h>
#include <stages/ms/cal_table_writer.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <limits>
#include <thread>

#include "cal_solutions.h"
#include "data_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
namespace fs = std::filesystem;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
const char* const kUvw = "r(ANTENNA2) - r(ANTENNA1)";

Solutions read_table(const std::string& path) {
  Lane lane("test");
  return lane.run(
      [&](const Lane::Token& token) { return CalTableReader(token, path).read(token); });
}

void write_table(const std::string& path, const Solutions& solutions) {
  Lane lane("test");
  lane.run([&](const Lane::Token& token) { write_cal_table(token, path, solutions); });
}

/// Checks a table by all rules; says what is wrong with it.
void check_rules(const std::string& path, const std::string& options, const Scratch& scratch) {
  if (!has_program("/usr/bin/python3")) return;
  const std::string log = scratch.path("log");
  const int code =
      run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/check_cal_table.py '" + path + "' " + options,
          log);
  INFO(text_of(log));
  CHECK(code == 0);
}

bool same_time(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void check_values(const Solutions& after, const Solutions& before) {
  CHECK(after.term == before.term);
  CHECK(after.antennas == before.antennas);
  CHECK(after.gain == before.gain);
  CHECK(after.delay_ns == before.delay_ns);
  CHECK(after.flag == before.flag);
  CHECK(after.snr == before.snr);
  CHECK(after.error == before.error);
  REQUIRE(after.intervals.size() == before.intervals.size());
  for (std::size_t i = 0; i < after.intervals.size(); ++i) {
    CHECK(after.intervals[i].field_id == before.intervals[i].field_id);
    CHECK(after.intervals[i].scan_number == before.intervals[i].scan_number);
    CHECK(after.intervals[i].observation_id == before.intervals[i].observation_id);
    CHECK(after.intervals[i].length_s == before.intervals[i].length_s);
  }
  REQUIRE(after.frequencies.size() == before.frequencies.size());
  for (std::size_t f = 0; f < after.frequencies.size(); ++f) {
    CHECK(after.frequencies[f].data_desc_id == before.frequencies[f].data_desc_id);
    CHECK(after.frequencies[f].freq_hz == before.frequencies[f].freq_hz);
    CHECK(after.frequencies[f].width_hz == before.frequencies[f].width_hz);
    for (std::size_t i = 0; i < after.intervals.size(); ++i) {
      CHECK(same_time(after.time_s(i, f), before.time_s(i, f)));
    }
  }
}

void check_header(const ObservationHeader& after, const ObservationHeader& before) {
  CHECK(after.telescope == before.telescope);
  CHECK(after.uvw_sense == before.uvw_sense);
  CHECK(after.time_first_s == before.time_first_s);
  CHECK(after.time_last_s == before.time_last_s);
  REQUIRE(after.antennas.size() == before.antennas.size());
  for (std::size_t a = 0; a < after.antennas.size(); ++a) {
    CHECK(after.antennas[a].name == before.antennas[a].name);
    CHECK(after.antennas[a].position_m == before.antennas[a].position_m);
    CHECK(after.antennas[a].diameter_m == before.antennas[a].diameter_m);
    CHECK(after.antennas[a].mount == before.antennas[a].mount);
  }
  REQUIRE(after.fields.size() == before.fields.size());
  for (std::size_t k = 0; k < after.fields.size(); ++k) {
    CHECK(after.fields[k].name == before.fields[k].name);
    CHECK(after.fields[k].phase_dir.dec_rad == Approx(before.fields[k].phase_dir.dec_rad));
  }
  CHECK(after.spectral_windows.size() == before.spectral_windows.size());
}

std::string error_of_reading(const std::string& path) {
  try {
    read_table(path);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    CHECK_THAT(error.message(), Catch::Contains(path));
    CHECK(error.message().find('\n') == std::string::npos);
    return error.message();
  }
  return {};
}

void copy_table(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(to)) {
    fs::permissions(entry, fs::perms::owner_all, fs::perm_options::add);
  }
  fs::permissions(to, fs::perms::owner_all, fs::perm_options::add);
}

/// Changes a table with python-casacore; `script` sees it as `t`.
void change(const std::string& path, const std::string& script, const Scratch& scratch) {
  const std::string file = scratch.path("change.py");
  std::ofstream(file) << "import numpy as np\nfrom casacore import tables\nt = tables.table('"
                      << path << "', readonly=False, ack=False)\n"
                      << script << "\n";
  const std::string log = scratch.path("change.log");
  const int code = run("/usr/bin/python3 '" + file + "'", log);
  INFO(text_of(log));
  REQUIRE(code == 0);
}

}  // namespace

TEST_CASE("solutions written as a calibration table are read back bit by bit", "[ms][cal]") {
  for (const JonesTerm term : {JonesTerm::K, JonesTerm::B, JonesTerm::G, JonesTerm::T}) {
    INFO(letter(term));
    const Scratch scratch;
    const std::string path = scratch.path("own.cal");
    const Solutions before = cal_solutions(term);
    write_table(path, before);
    const Solutions after = read_table(path);
    check_values(after, before);
    check_header(*after.header, *before.header);
    CHECK(after.pols == before.pols);
    CHECK(after.mode == "ap");
    CHECK(after.ms_name == "simulated.ms");
    const bool has_refant = term == JonesTerm::B || term == JonesTerm::G;
    CHECK(after.refant == std::vector<std::int32_t>(before.refant.size(), has_refant ? 1 : -1));
    CHECK(after.cell_time_s.empty());
    std::string options = "--mutants '" + scratch.path("") + "' --uvw '" + kUvw + "'";
    if (term == JonesTerm::K) options += " --centres 1400625000,1379375000";
    check_rules(path, options, scratch);
  }
}

TEST_CASE("windows solved at times of their own keep them", "[ms][cal]") {
  const Scratch scratch;
  Solutions before = cal_solutions(JonesTerm::G, 4);
  before.intervals[1].field_id = 1;
  before.intervals[3].observation_id = 2;
  before.intervals[3].length_s = 12.5;
  before.cell_time_s.clear();
  for (std::size_t i = 0; i < 4; ++i) {
    const double time_s = before.intervals[i].time_s;
    before.cell_time_s.push_back(time_s - 1.5);
    before.cell_time_s.push_back(i == 2 ? kNan : time_s + 0.25 * static_cast<double>(i));
  }
  for (std::size_t p = 0; p < 2; ++p) {
    before.refant[before.group(2, 1, p)] = -1;
    for (std::size_t a = 0; a < 4; ++a) {
      const std::size_t k = before.index(2, 1, p, a);
      before.gain[k] = 1;
      before.flag[k] = 1;
      before.snr[k] = before.error[k] = 0;
    }
  }
  const std::string path = scratch.path("own.gcal");
  write_table(path, before);
  const Solutions after = read_table(path);
  check_values(after, before);
  CHECK(after.refant == before.refant);
  CHECK(after.cell_time_s.size() == 8);
}

TEST_CASE("one polarisation alone has its place in a table of two feeds", "[ms][cal]") {
  const Scratch scratch;
  Solutions before = cal_solutions(JonesTerm::G);
  const Solutions both = before;
  before.pols = {12};
  before.resize();
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t f = 0; f < 2; ++f) {
      for (std::size_t a = 0; a < 4; ++a) {
        const std::size_t from = both.index(i, f, 1, a);
        const std::size_t to = before.index(i, f, 0, a);
        before.gain[to] = both.gain[from];
        before.flag[to] = both.flag[from];
        before.snr[to] = both.snr[from];
        before.error[to] = both.error[from];
        before.refant[before.group(i, f, 0)] = 1;
      }
    }
  }
  write_table(scratch.path("one.gcal"), before);
  const Solutions after = read_table(scratch.path("one.gcal"));
  CHECK(after.pols == std::vector<int>{12});
  check_values(after, before);
  check_rules(scratch.path("one.gcal"), "", scratch);
}

TEST_CASE("solutions that have no form in CASA's tables are refused", "[ms][cal]") {
  const Scratch scratch;
  const auto error_of = [&](const Solutions& solutions) -> std::string {
    try {
      write_table(scratch.path("x.cal"), solutions);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::input);
      CHECK_FALSE(fs::exists(scratch.path("x.cal")));
      return error.message();
    }
    return {};
  };
  CHECK_THAT(error_of(Solutions{}), Catch::Contains("empty"));
  Solutions by_channel = cal_solutions(JonesTerm::B);
  by_channel.term = JonesTerm::G;
  CHECK_THAT(error_of(by_channel), Catch::Contains("6 channels in spectral window 0"));
  Solutions differing = cal_solutions(JonesTerm::G);
  differing.term = JonesTerm::T;
  CHECK_THAT(error_of(differing), Catch::Contains("antenna 'A0'"));
  Solutions short_of = cal_solutions(JonesTerm::G);
  short_of.snr.pop_back();
  CHECK_THAT(error_of(short_of), Catch::Contains("other sizes"));
  fs::create_directory(scratch.path("x"));
  CHECK_THROWS_WITH(write_table(scratch.path("x"), cal_solutions(JonesTerm::G)),
                    Catch::Contains("exists already"));
}

TEST_CASE("real tables are read, written and read again without loss", "[ms][cal]") {
  const auto data = real_data("calibration tables of CASA");
  if (!data) return;
  std::size_t tables = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(*data / "cal")) {
    INFO(entry.path());
    const Scratch scratch;
    const Solutions before = read_table(entry.path());
    const std::string copy = scratch.path("copy.cal");
    write_table(copy, before);
    const Solutions after = read_table(copy);
    check_values(after, before);
    check_header(*after.header, *before.header);
    CHECK(after.refant == before.refant);
    CHECK(after.pols == std::vector<int>{kFirstFeed, kSecondFeed});
    CHECK(after.ms_name == before.ms_name);
    check_rules(copy, "--source '" + entry.path().string() + "'", scratch);
    ++tables;
  }
  CHECK(tables == 8);
}

TEST_CASE("real windows solved in one scan share an interval", "[ms][cal]") {
  const auto data = real_data("calibration tables of CASA");
  if (!data) return;
  // 12 windows, 73 solutions of each at 658 different times (data/README.md, python-casacore)
  const Solutions gains = read_table(*data / "cal" / "sma.ms.amp.gcal");
  CHECK(gains.intervals.size() == 73);
  CHECK(gains.frequencies.size() == 12);
  CHECK(gains.header->fields.size() == 34);
  CHECK(gains.header->uvw_sense == UvwSense::unknown);
  for (const double time_s : gains.cell_time_s) CHECK_FALSE(std::isnan(time_s));
  const Solutions bandpass = read_table(*data / "cal" / "sma.ms.bcal");
  CHECK(bandpass.intervals.size() == 1);
  CHECK(bandpass.frequencies.size() == 12 * 512);
  const Solutions delays = read_table(*data / "cal" / "sma.ms.dcal");
  CHECK(delays.gain.empty());
  CHECK(delays.frequencies[0].freq_hz == Approx(210563356041.92648).epsilon(1e-14));
  const auto dsa = *data / "cal" / "dsa110_2025-09-05T032314_sb00_bandpass.table";
  const Solutions descending = read_table(dsa);
  CHECK(descending.frequencies[0].freq_hz > descending.frequencies[47].freq_hz);
  CHECK(descending.antennas.size() == 117);
  CHECK(std::count(descending.flag.begin(), descending.flag.end(), 1) == 10810);
}

TEST_CASE("delays of a table that names no version turn about its reference frequency",
          "[ms][cal]") {
  if (!has_program("/usr/bin/python3")) return;
  const Scratch scratch;
  const std::string path = scratch.path("own.kcal");
  write_table(path, cal_solutions(JonesTerm::K));
  CHECK(read_table(path).frequencies[1].freq_hz == 1379375000);
  change(path, "t.putkeyword('CASA_Version', '5.1.2-4')", scratch);
  CHECK(read_table(path).frequencies[1].freq_hz == 1.38e9);
  change(path, "t.removekeyword('CASA_Version')", scratch);
  CHECK(read_table(path).frequencies[1].freq_hz == 1.38e9);
  Lane lane("test");
  lane.run([&](const Lane::Token& token) {
    const CalTableReader reader(token, path);
    REQUIRE(reader.notes().size() == 1);
    CHECK_THAT(reader.notes()[0], Catch::Contains("reference frequency"));
  });
}

TEST_CASE("a value that is not a number is flagged", "[ms][cal]") {
  if (!has_program("/usr/bin/python3")) return;
  const Scratch scratch;
  const std::string path = scratch.path("own.gcal");
  write_table(path, cal_solutions(JonesTerm::G));
  change(path, "t.putcell('CPARAM', 0, np.array([[complex('nan'), 2]], np.complex64))", scratch);
  const Solutions solutions = read_table(path);
  CHECK(solutions.flag[solutions.index(0, 0, 0, 0)] == 1);
  CHECK(solutions.gain[solutions.index(0, 0, 0, 0)] == std::complex<float>(1));
  CHECK(solutions.gain[solutions.index(0, 0, 1, 0)] == std::complex<float>(2));
}

TEST_CASE("antennas without rows are flagged", "[ms][cal]") {
  if (!has_program("/usr/bin/python3")) return;
  const Scratch scratch;
  const std::string path = scratch.path("own.gcal");
  const Solutions before = cal_solutions(JonesTerm::G);
  write_table(path, before);
  change(path, "t.removerows([3])", scratch);  // antenna 3 of the first interval and window
  const Solutions after = read_table(path);
  for (std::size_t k = 0; k < before.flag.size(); ++k) {
    const bool gone = k == before.index(0, 0, 0, 3) || k == before.index(0, 0, 1, 3);
    CHECK(after.flag[k] == (gone ? 1 : before.flag[k]));
    CHECK(after.gain[k] == (gone ? std::complex<float>(1) : before.gain[k]));
  }
  write_table(scratch.path("whole.gcal"), after);
  check_rules(scratch.path("whole.gcal"), "", scratch);
}

TEST_CASE("what is no calibration table is refused in one sentence", "[ms][cal]") {
  const Scratch scratch;
  CHECK_THAT(error_of_reading(scratch.path("absent.bcal")), Catch::Contains("does not exist"));
  std::ofstream(scratch.path("file.bcal")) << "text";
  CHECK_THAT(error_of_reading(scratch.path("file.bcal")), Catch::Contains("not a directory"));
  fs::create_directory(scratch.path("empty.bcal"));
  CHECK_THAT(error_of_reading(scratch.path("empty.bcal")), Catch::Contains("table.dat"));
  const auto data = real_data("a MeasurementSet given as a calibration table");
  if (!data) return;
  CHECK_THAT(error_of_reading(*data / "ms" / "wsrt_3C343_16ch.ms"),
             Catch::Contains("Measurement Set"));
  CHECK_THAT(error_of_reading(*data / "image" / "M17_SWex.image"), Catch::Contains("Image"));
}

TEST_CASE("calibration tables with senseless content are refused by column and row", "[ms][cal]") {
  if (!has_program("/usr/bin/python3")) return;
  const Scratch scratch;
  const std::string good = scratch.path("good.gcal");
  write_table(good, cal_solutions(JonesTerm::G));
  const std::string path = scratch.path("bad.gcal");
  const auto error_after = [&](const std::string& script) {
    copy_table(good, path);
    change(path, script, scratch);
    return error_of_reading(path);
  };
  using Catch::Contains;
  CHECK_THAT(error_after("t.putkeyword('VisCal', 'D Jones')"), Contains("VisCal 'D Jones'"));
  CHECK_THAT(error_after("t.putkeyword('VisCal', 'K Jones')"), Contains("no column FPARAM"));
  CHECK_THAT(error_after("t.removecols('SNR')"), Contains("no column SNR"));
  CHECK_THAT(error_after("t.removerows(range(t.nrows()))"), Contains("no rows"));
  CHECK_THAT(error_after("t.putcell('ANTENNA1', 5, 4)"), Contains("ANTENNA1, row 5: 4"));
  CHECK_THAT(error_after("t.putcell('ANTENNA2', 6, 9)"), Contains("ANTENNA2, row 6: 9"));
  CHECK_THAT(error_after("t.putcell('FIELD_ID', 7, 2)"), Contains("FIELD_ID, row 7: 2"));
  CHECK_THAT(error_after("t.putcell('SPECTRAL_WINDOW_ID', 8, -1)"),
             Contains("SPECTRAL_WINDOW_ID, row 8: -1"));
  CHECK_THAT(error_after("t.putcell('TIME', 9, float('nan'))"), Contains("TIME, row 9"));
  CHECK_THAT(error_after("t.putcell('ANTENNA1', 1, 0)"), Contains("rows 0 and 1"));
  CHECK_THAT(error_after("t.putcell('SNR', 3, np.ones((2, 2), np.float32))"),
             Contains("SNR, row 3: its shape [2, 2]"));
  CHECK_THAT(error_after("t.putcell('CPARAM', 0, np.ones((6, 2), np.complex64))"),
             Contains("CPARAM, row 0: 6 channels"));
  CHECK_THAT(error_after("t.putcell('CPARAM', 4, np.ones((6, 2), np.complex64))"),
             Contains("CPARAM, row 4"));
  CHECK_THAT(error_after("t.addrows(1); n = t.nrows() - 1\n"
                         "t.putcell('TIME', n, 5.2e9)"),
             Contains("CPARAM, row 24: no value"));
  CHECK_THAT(error_after("s = tables.table(t.name() + '/ANTENNA', readonly=False, ack=False)\n"
                         "s.removerows([3])"),
             Contains("ANTENNA has 3 rows"));
  for (const char* name : {"ANTENNA", "FIELD", "SPECTRAL_WINDOW", "OBSERVATION", "HISTORY"}) {
    CHECK_THAT(error_after("t.removekeyword('" + std::string(name) + "')"),
               Contains("no subtable " + std::string(name)));
    copy_table(good, path);
    fs::remove_all(fs::path(path) / name);
    CHECK_THAT(error_of_reading(path), Contains(name));
  }
}

TEST_CASE("calibration tables cut short are refused", "[ms][cal]") {
  const Scratch scratch;
  const std::string path = scratch.path("own.bcal");
  const std::string copy = scratch.path("copy.bcal");
  write_table(path, cal_solutions(JonesTerm::B, 40));
  copy_table(path, copy);
  REQUIRE(error_of_reading(copy).empty());
  for (const char* file :
       {"table.dat", "table.f0", "table.f0i", "ANTENNA/table.f0", "SPECTRAL_WINDOW/table.f0",
        "SPECTRAL_WINDOW/table.dat", "FIELD/table.f0", "OBSERVATION/table.dat"}) {
    INFO(file);
    copy_table(path, copy);
    const fs::path part = fs::path(copy) / file;
    REQUIRE(fs::file_size(part) > 0);
    fs::resize_file(part, fs::file_size(part) / 2);
    CHECK(error_of_reading(copy) != "");
    fs::remove(part);
    CHECK(error_of_reading(copy) != "");
  }
}

TEST_CASE("a table is read while another program holds its lock", "[ms][cal]") {
  if (!has_program("/usr/bin/python3")) return;
  const Scratch scratch;
  const std::string path = scratch.path("own.gcal");
  const Solutions before = cal_solutions(JonesTerm::G);
  write_table(path, before);
  std::thread holder([&] {
    run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/hold_cal_table.py '" + path + "' '" +
            scratch.path("") + "'",
        scratch.path("holder.log"));
  });
  const auto wait_until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!fs::exists(scratch.path("locked")) && std::chrono::steady_clock::now() < wait_until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const bool locked = fs::exists(scratch.path("locked"));
  Solutions after;
  if (locked) after = read_table(path);
  std::ofstream(scratch.path("finished")) << "";
  holder.join();
  INFO(text_of(scratch.path("holder.log")));
  REQUIRE(locked);
  check_values(after, before);
}
