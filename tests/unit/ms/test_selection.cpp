// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/ms_reader.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "data_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

using Text = std::string MsSelection::*;

/// A selection and the condition in TaQL that means the same rows.
struct Choice {
  Text parameter;
  std::string text;
  std::string taql;
};

MsSelection selection_of(Text parameter, const std::string& text) {
  MsSelection selection;
  selection.autocorrelations = true;
  selection.*parameter = text;
  return selection;
}

std::vector<std::size_t> counts_by_taql(const std::string& ms, const std::vector<Choice>& choices) {
  Scratch scratch;
  std::ofstream conditions(scratch.path("conditions"));
  for (const Choice& choice : choices) conditions << choice.taql << '\n';
  conditions.close();
  const std::string log = scratch.path("log");
  const int code = run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/count_rows.py '" + ms + "' '" +
                           scratch.path("conditions") + "'",
                       log);
  INFO(text_of(log));
  REQUIRE(code == 0);
  std::istringstream lines(text_of(log));
  std::vector<std::size_t> counts;
  for (std::size_t count = 0; lines >> count;) counts.push_back(count);
  REQUIRE(counts.size() == choices.size());
  return counts;
}

void compare(const std::string& ms, const std::vector<Choice>& choices) {
  const std::vector<std::size_t> expected = counts_by_taql(ms, choices);
  Lane lane("test");
  for (std::size_t k = 0; k < choices.size(); ++k) {
    INFO(ms << ": '" << choices[k].text << "' as " << choices[k].taql);
    const MsReader reader =
        open_reader(lane, ms, selection_of(choices[k].parameter, choices[k].text));
    CHECK(reader.header()->rows == expected[k]);
    CHECK(expected[k] > 0);  // else nothing would be compared
  }
}

/// The first row of a selection of channels.
Visibilities first_rows(Lane& lane, const std::string& ms, const std::string& spws) {
  MsReader reader = open_reader(lane, ms, selection_of(&MsSelection::spws, spws));
  return lane.run([&](const Lane::Token& token) { return reader.read(token, 0, 20); });
}

}  // namespace

TEST_CASE("selections choose the rows that TaQL chooses", "[ms]") {
  const auto data = real_data("selection by text");
  if (!data || !has_program("/usr/bin/python3")) return;
  const auto path = [&](const char* name) { return (*data / "ms" / name).string(); };
  const std::string uvdist = "sqrt(UVW[0]*UVW[0]+UVW[1]*UVW[1])";
  compare(path("vla_J1008_36GHz_64ch.ms"),
          {{&MsSelection::fields, "J1008*", "FIELD_ID==0"},
           {&MsSelection::scans, "0~1", "SCAN_NUMBER in [0,1]"},
           {&MsSelection::spws, "0:3~10", "DATA_DESC_ID==0"},
           {&MsSelection::uvrange, ">300m", uvdist + ">300"},
           {&MsSelection::uvrange, "0.1~0.5km", uvdist + ">=100 && " + uvdist + "<=500"},
           {&MsSelection::uvrange, "<30klambda", uvdist + "<30e3*299792458./36308542000."},
           {&MsSelection::uvrange, ">20000lambda", uvdist + ">20e3*299792458./36308542000."},
           {&MsSelection::timerange, ">2010/04/26/03:22:30", "TIME>4778968950."},
           {&MsSelection::timerange, "2010/04/26/03:22:01~03:22:30",
            "TIME>=4778968921. && TIME<=4778968950."}});
  const std::string one = "ANTENNA1==2 || ANTENNA2==2";
  compare(path("lofar_hba_64ch.ms"),
          {{&MsSelection::antennas, "CS002HBA0", "(" + one + ") && ANTENNA1!=ANTENNA2"},
           {&MsSelection::antennas, "CS001HBA0&CS002HBA0", "ANTENNA1==0 && ANTENNA2==2"},
           {&MsSelection::antennas, "0~6&", "ANTENNA1<=6 && ANTENNA2<=6"},
           {&MsSelection::antennas, "!CS002HBA0", "!(" + one + ")"}});
  compare(path("wsrt_3C343_16ch.ms"), {{&MsSelection::scans, "5~9,17", "SCAN_NUMBER in [5:10,17]"},
                                       {&MsSelection::scans, ">8", "SCAN_NUMBER>8"}});
  compare(path("lofar_4spw_unequal.ms"), {{&MsSelection::spws, "1,3", "DATA_DESC_ID in [1,3]"},
                                          {&MsSelection::spws, "0~2", "DATA_DESC_ID in [0:3]"}});
  compare(path("ovrolwa_109ch.ms"),
          {{&MsSelection::antennas, "0~5&", "ANTENNA2<=5 && ANTENNA1!=ANTENNA2"},
           {&MsSelection::antennas, "0~5&&", "ANTENNA1<=5 && ANTENNA2<=5"},
           {&MsSelection::antennas, "ANT004&&&", "ANTENNA1==3 && ANTENNA2==3"}});
}

TEST_CASE("intents choose rows, and several texts choose what all of them choose", "[ms]") {
  const auto data = real_data("selection by intent");
  if (!data || !has_program("/usr/bin/python3")) return;
  Scratch scratch;
  const std::string copy = scratch.path("copy.ms");
  const std::string source = *data / "ms" / "vla_J1008_36GHz_64ch.ms";
  REQUIRE(run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/add_intents.py '" + source + "' '" + copy +
                  "'",
              scratch.path("log")) == 0);
  compare(copy, {{&MsSelection::intents, "*TARGET*", "STATE_ID==1"},
                 {&MsSelection::intents, "*PHASE*", "STATE_ID==0"}});
  Lane lane("test");
  MsSelection both = selection_of(&MsSelection::intents, "*TARGET*");
  both.uvrange = ">300m";
  const auto expected = counts_by_taql(
      copy, {{&MsSelection::intents, "", "STATE_ID==1 && sqrt(UVW[0]*UVW[0]+UVW[1]*UVW[1])>300"}});
  CHECK(open_reader(lane, copy, both).header()->rows == expected.front());
}

TEST_CASE("autocorrelations are read where the text asks for them", "[ms]") {
  const auto data = real_data("selected autocorrelations");
  if (!data) return;
  Lane lane("test");
  MsSelection selection;
  selection.antennas = "*&&&";
  CHECK(open_reader(lane, *data / "ms" / "ovrolwa_109ch.ms", selection).header()->rows == 20);
  selection.antennas = "*&";
  CHECK(open_reader(lane, *data / "ms" / "ovrolwa_109ch.ms", selection).header()->rows == 190);
}

TEST_CASE("channels are cut out of windows, header and samples alike", "[ms]") {
  const auto data = real_data("selected channels");
  if (!data) return;
  Lane lane("test");
  const std::string vla = *data / "ms" / "vla_J1008_36GHz_64ch.ms";
  const Visibilities all = first_rows(lane, vla, "");
  const auto check = [&](const std::string& text, const std::vector<std::size_t>& channels) {
    INFO(text);
    const Visibilities cut = first_rows(lane, vla, text);
    const SpectralWindow& window = cut.header->spectral_windows.front();
    REQUIRE(cut.nchan == channels.size());
    REQUIRE(window.chan_freq_hz.size() == channels.size());
    REQUIRE(window.chan_width_hz.size() == channels.size());
    REQUIRE(cut.data.size() == cut.rows() * channels.size() * cut.ncorr);
    bool same = true;
    for (std::size_t c = 0; c < channels.size(); ++c) {
      CHECK(window.chan_freq_hz[c] ==
            all.header->spectral_windows.front().chan_freq_hz[channels[c]]);
      for (std::size_t row = 0; row < cut.rows(); ++row) {
        for (std::size_t k = 0; k < cut.ncorr; ++k) {
          const std::size_t to = (row * cut.nchan + c) * cut.ncorr + k;
          const std::size_t from = (row * all.nchan + channels[c]) * cut.ncorr + k;
          same = same && cut.data[to] == all.data[from] && cut.flag[to] == all.flag[from];
        }
      }
    }
    CHECK(same);
  };
  check("0:5~8", {5, 6, 7, 8});
  check("0:60~63;2;10~12", {2, 10, 11, 12, 60, 61, 62, 63});
  check("0:4~12^4", {4, 8, 12});
  check("*:36.305~36.3053GHz", {4, 5, 6});
  const Visibilities last =
      first_rows(lane, *data / "ms" / "lofar_4spw_unequal.ms", "1:1~2,3:2~5;7");
  CHECK(last.data_desc_id == 1);
  CHECK(last.nchan == 2);
  CHECK(last.header->spectral_windows[3].chan_freq_hz.size() == 5);
  CHECK(last.header->rows_per_description[0] == 0);
}

TEST_CASE("a text that cannot be selected is named with its parameter", "[ms]") {
  const auto data = real_data("bad selections");
  if (!data) return;
  Lane lane("test");
  const std::string vla = *data / "ms" / "vla_J1008_36GHz_64ch.ms";
  const auto open = [&](Text parameter, const std::string& text) {
    open_reader(lane, vla, selection_of(parameter, text));
  };
  using Catch::Contains;
  CHECK_THROWS_WITH(open(&MsSelection::fields, "3C48"), Contains("field '3C48'"));
  CHECK_THROWS_WITH(open(&MsSelection::spws, "7"), Contains("spw '7'"));
  CHECK_THROWS_WITH(open(&MsSelection::scans, "two"), Contains("scan 'two'"));
  CHECK_THROWS_WITH(open(&MsSelection::antennas, "NO&SUCH"), Contains("antenna 'NO&SUCH'"));
  CHECK_THROWS_WITH(open(&MsSelection::uvrange, "3 apples"), Contains("uvrange '3 apples'"));
  CHECK_THROWS_WITH(open(&MsSelection::timerange, "noon"), Contains("timerange 'noon'"));
  CHECK_THROWS_WITH(open(&MsSelection::intents, "*SUN*"), Contains("intent '*SUN*'"));
}
