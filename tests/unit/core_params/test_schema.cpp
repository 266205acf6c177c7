// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/params.h>

#include <catch2/catch.hpp>
#include <limits>

#include "clip_params.h"
#include "descriptor.h"

using namespace skymill;

namespace {

const Where kStage{"p.yaml", 1, 1};

/// What the schema says to these settings.
template <class P>
std::string remarks(const Schema<P>& schema, const std::string& yaml) {
  Diagnostics diagnostics;
  const Settings settings = read_settings_text("p.yaml", yaml, diagnostics);
  P params;
  const bool good = schema.SchemaBase::parse(settings, &params, kStage, diagnostics);
  CHECK(good != diagnostics.has_errors());
  return diagnostics.text();
}

template <class P>
P parsed(const Schema<P>& schema, const std::string& yaml) {
  Diagnostics diagnostics;
  const Settings settings = read_settings_text("p.yaml", yaml, diagnostics);
  const P params = schema.parse(settings, kStage, diagnostics);
  CHECK(diagnostics.text() == "");
  return params;
}

struct OneRequired {
  std::string input;
  double cell = 0;
  int old = 0;
  std::size_t low = 1, high = 2;
};

Schema<OneRequired> required_schema() {
  using P = OneRequired;
  Schema<P> s{"Required, deprecated, ruled."};
  s.field("input", &P::input, "File to read").required();
  s.field("cell", &P::cell, "Pixel size").unit("arcsec").required();
  s.field("old", &P::old, "Old").deprecated("use low", "2.0");
  s.field("low", &P::low, "Low");
  s.field("high", &P::high, "High");
  s.check([](const P& p) { return p.low <= p.high; }, "low must not be above high");
  s.check(
      [](const P& p) -> std::optional<std::string> {
        if (p.high < 100) return std::nullopt;
        return "high is " + std::to_string(p.high) + "; at most 99";
      },
      "high stays below 100");
  return s;
}

}  // namespace

TEST_CASE("the six mistakes of architecture.md 3.7") {
  Diagnostics diagnostics;
  const Settings settings = read_settings_text("dsa110.yaml",
                                               "nsigm: 5\n"
                                               "min_freq: 1.3 Gh\n"
                                               "mode: median\n"
                                               "nsigma: 900\n"
                                               "dry: no\n"
                                               "mode: rms\n",
                                               diagnostics);
  clip_schema().parse(settings, kStage, diagnostics);
  CHECK(diagnostics.text() ==
        "dsa110.yaml:1:1: error: no parameter 'nsigm'; did you mean 'nsigma'?\n"
        "dsa110.yaml:2:11: error: 'min_freq' is in 'Gh'; its unit is Hz\n"
        "dsa110.yaml:3:7: error: 'mode' is 'median'; it can be one of: mad, rms\n"
        "dsa110.yaml:4:9: error: 'nsigma' is 900 sigma; the range is 0.5 to 100\n"
        "dsa110.yaml:5:6: error: 'dry' is 'no'; write true or false\n"
        "dsa110.yaml:6:1: error: 'mode' is given twice (first on line 3)\n");
}

TEST_CASE("values reach the struct in its units") {
  const ClipParams p =
      parsed(clip_schema(), "{nsigma: 7 sigma, min_freq: 1.28 GHz, mode: rms, dry: true}");
  CHECK(p.nsigma == 7);
  CHECK(p.min_freq == 1.28e9);
  CHECK(p.mode == "rms");
  CHECK(p.dry);
  const ClipParams defaults = parsed(clip_schema(), "{}");
  CHECK(defaults.min_freq == 1.31e9);
}

TEST_CASE("every type of member") {
  const AllParams p = parsed(all_schema(),
                             "flag: true\ncount: -7\nbig: 9223372036854775807\n"
                             "memory: 512 MiB\ncell: 180 deg\nname: '12:30:49'\n"
                             "channels: [3, 5]\nfreqs: 1.4 GHz\nantennas: [a, 'b,c']\n"
                             "mask: [true, false]\nsize: 256\nspan: [1 min, 2 h]\n"
                             "threshold: 2 mJy\nrefant: 4\nmodel: m.fits\n");
  CHECK(p.flag);
  CHECK(p.count == -7);
  CHECK(p.big == std::numeric_limits<std::int64_t>::max());
  CHECK(p.memory == 512u << 20);
  CHECK(p.cell == Approx(3.14159265358979));
  CHECK(p.name == "12:30:49");
  CHECK(p.channels == std::vector<int>{3, 5});
  CHECK(p.freqs == std::vector<double>{1.4e9});
  CHECK(p.antennas == std::vector<std::string>{"a", "b,c"});
  CHECK(p.mask == std::vector<bool>{true, false});
  CHECK(p.size == std::array<int, 2>{256, 256});
  CHECK(p.span == std::array<double, 2>{60, 7200});
  CHECK(p.threshold == 0.002);
  CHECK(p.refant == 4);
  CHECK(p.model == "m.fits");
  const AllParams q = parsed(all_schema(), "{size: [512, 256], threshold: none, freqs: []}");
  CHECK(q.size == std::array<int, 2>{512, 256});
  CHECK_FALSE(q.threshold);
  CHECK(q.freqs.empty());
}

TEST_CASE("wrong values are refused in words") {
  const std::vector<std::vector<std::string>> table{
      {"flag: yes", "1:7: error: 'flag' is 'yes'; write true or false"},
      {"flag: True", "1:7: error: 'flag' is 'True'; write true or false"},
      {"count: 1.5", "1:8: error: 'count' is '1.5'; write a whole number"},
      {"count: 1e5", "1:8: error: 'count' is '1e5'; write a whole number"},
      {"count: 0x10", "1:8: error: 'count' is '0x10'; write a whole number"},
      {"count: ''", "1:8: error: 'count' is ''; write a whole number"},
      {"count: 3000000000",
       "1:8: error: 'count' is 3000000000; it must be -2147483648 to 2147483647"},
      {"big: 9223372036854775808",
       "1:6: error: 'big' is 9223372036854775808; it must be -9223372036854775808 to "
       "9223372036854775807"},
      {"memory: -1", "1:9: error: 'memory' is -1 B; it must be 0 to 9223372036854775807"},
      {"memory: 1.5 B", "1:9: error: 'memory' is '1.5 B'; write a whole number of B"},
      {"memory: 2 GHz", "1:9: error: 'memory' is in 'GHz'; its unit is B"},
      {"memory: lots", "1:9: error: 'memory' is 'lots'; write a number in B"},
      {"cell: 0", "1:7: error: 'cell' is 0 rad; it must be more than 0"},
      {"cell: -3 arcsec", "1:7: error: 'cell' is -3 arcsec; it must be more than 0 rad"},
      {"cell: 12:30", "1:7: error: 'cell' is '12:30'; write a number in rad"},
      {"name: [a, b]", "1:7: error: 'name' is a list; it takes one value"},
      {"name: {a: b}", "1:7: error: 'name' is a map; write a value or a list of values"},
      {"name:", "1:1: error: 'name' has no value; write one, or leave the line out"},
      {"name: ~", "1:1: error: 'name' has no value; write one, or leave the line out"},
      {"channels: [1, -2, x]",
       "1:15: error: 'channels' is -2; it must be at least 0\n"
       "p.yaml:1:19: error: 'channels' is 'x'; write a whole number"},
      {"channels: [1, [2]]",
       "1:15: error: a value in the list 'channels' is not plain; write single values"},
      {"size: [1, 2, 3]", "1:7: error: 'size' has 3 values; it takes 1 or 2"},
      {"size: []", "1:7: error: 'size' has 0 values; it takes 1 or 2"},
      {"size: 0", "1:7: error: 'size' is 0; the range is 1 to 100000"},
      {"threshold: 3 K", "1:12: error: 'threshold' is in 'K'; its unit is Jy"},
      {"threshold: [none]", "1:12: error: 'threshold' is a list; it takes one value"},
      {"xyz: 1", "1:1: error: no parameter 'xyz'"},
  };
  for (const auto& row : table) {
    INFO(row[0]);
    CHECK(remarks(all_schema(), row[0]) == "p.yaml:" + row[1] + "\n");
  }
  CHECK(remarks(clip_schema(), "min_freq: 1 kHz") ==
        "p.yaml:1:11: error: 'min_freq' is 1 kHz; the range is 1 MHz to 1 THz\n");
  CHECK(remarks(clip_schema(), "sigma_level: 1") ==
        "p.yaml:1:1: error: no parameter 'sigma_level'; "
        "the parameters are: nsigma, min_freq, mode, dry\n");
}

TEST_CASE("required, deprecated, rules") {
  const auto schema = required_schema();
  CHECK(remarks(schema, "{old: 3}") ==
        "p.yaml:1:1: error: 'input' is missing; it is required: File to read (text)\n"
        "p.yaml:1:1: error: 'cell' is missing; it is required: Pixel size (number in arcsec)\n"
        "p.yaml:1:2: warning: 'old' is deprecated since 2.0; use low\n");
  CHECK(remarks(schema, "{input: a, cell: 1, low: 5}") ==
        "p.yaml:1:1: error: low must not be above high\n");
  CHECK(remarks(schema, "{input: a, cell: 1, high: 100}") ==
        "p.yaml:1:1: error: high is 100; at most 99\n");
  // Rules are not asked about half-read parameters.
  CHECK(remarks(schema, "{input: a, cell: x, low: 5}") ==
        "p.yaml:1:18: error: 'cell' is 'x'; write a number in arcsec\n");
  CHECK(schema.rules() ==
        std::vector<std::string>{"low must not be above high", "high stays below 100"});
}

TEST_CASE("a value from the command line may be a list or a text with commas") {
  Settings settings;
  const Where where{"--set s.x", 0, 0};
  for (const char* key : {"name", "antennas", "channels"})
    settings.set({key, where, SettingValue::command_line("1,2", where)});
  settings.set({"freqs", where, SettingValue::command_line("[1 GHz, 2 GHz]", where)});
  settings.set({"model", where, SettingValue::command_line("\"[x]\"", where)});
  Diagnostics diagnostics;
  std::vector<ResolvedValue> resolved;
  const AllParams p = all_schema().parse(settings, kStage, diagnostics, &resolved);
  CHECK(diagnostics.text() == "");
  CHECK(p.name == "1,2");
  CHECK(p.antennas == std::vector<std::string>{"1", "2"});
  CHECK(p.channels == std::vector<int>{1, 2});
  CHECK(p.freqs == std::vector<double>{1e9, 2e9});
  CHECK(p.model == "[x]");
  REQUIRE(resolved.size() == 15);
  CHECK(resolved[5].origin == "--set s.x");
  CHECK(resolved[0].origin == "default");
}

TEST_CASE("resolved values read back as themselves") {
  AllParams p;
  p.cell = 1.0 / 3;
  p.memory = 123456789012345;
  p.name = " odd\n\"name\" ";
  p.antennas = {"a,b", "", "c\"d", "plain", "'q"};
  p.channels = {1, 2};
  p.freqs = {1.4e9 / 3};
  p.threshold = 1e-7;
  const auto schema = all_schema();
  Settings settings;
  for (const ResolvedValue& value : schema.resolved(p)) {
    const Where where{"--set s." + value.name, 0, 0};
    settings.set({value.name, where, SettingValue::command_line(value.text, where)});
  }
  Diagnostics diagnostics;
  const AllParams q = schema.parse(settings, kStage, diagnostics);
  CHECK(diagnostics.text() == "");
  CHECK(schema.key_text(q) == schema.key_text(p));
  CHECK(q.cell == p.cell);
  CHECK(q.memory == p.memory);
  CHECK(q.name == p.name);
  CHECK(q.antennas == p.antennas);
  CHECK(q.threshold == p.threshold);
}

TEST_CASE("the content key's text") {
  const auto schema = clip_schema();
  ClipParams p;
  CHECK(schema.key_text(p) == "min_freq = 1.31e+09 Hz\nmode = mad\nnsigma = 5 sigma\n");
  p.dry = true;
  CHECK(schema.key_text(p) == schema.key_text(ClipParams{}));
  p.nsigma = 6;
  CHECK(schema.key_text(p) != schema.key_text(ClipParams{}));
  const auto values = schema.resolved(p);
  REQUIRE(values.size() == 4);
  CHECK(values[0].text == "6 sigma");
  CHECK(values[0].origin == "code");
  CHECK(values[1].origin == "default");
  CHECK(values[3].tuning);
}

namespace {
struct Empty {};
struct One {
  std::optional<std::string> x;
};
}  // namespace

TEST_CASE("every member is declared") {
  STATIC_REQUIRE(member_count<Empty>() == 0);
  STATIC_REQUIRE(member_count<One>() == 1);
  STATIC_REQUIRE(member_count<ClipParams>() == 4);
  STATIC_REQUIRE(member_count<AllParams>() == 15);
  CHECK(clip_schema().complete());
  CHECK(all_schema().complete());
  Schema<ClipParams> forgetful{"One is missing."};
  forgetful.field("nsigma", &ClipParams::nsigma, "Clip level");
  CHECK_FALSE(forgetful.complete());
}

TEST_CASE("faults of a declaration") {
  CHECK(clip_schema().faults().empty());
  CHECK(all_schema().faults().empty());
  using P = ClipParams;
  Schema<P> s{"Faulty."};
  s.field("nsigma", &P::nsigma, "Clip level").range(6, 7);
  s.field("nsigma", &P::min_freq, "");
  s.field("Mode", &P::mode, "Mode").choices({"a"}).unit("Hz");
  s.field("use", &P::mode, "Mode");
  CHECK(s.faults() == std::vector<std::string>{
                          "default: 'nsigma' is 5; the range is 6 to 7",
                          "'nsigma' is declared twice",
                          "'nsigma' has no description",
                          "'Mode' is not a lower case name",
                          "'Mode' is no number, but has a unit or a range",
                          "default: 'Mode' is 'mad'; it can be one of: a",
                          "'use' is a key of stages in descriptions",
                          "'use' is bound to a member that is bound already",
                      });
  CHECK_THROWS_WITH(
      s.field("dry", &P::dry, "Dry").unit("furlong"),
      "'furlong', unit of parameter 'dry', is not a unit; write one of Hz, s, m, rad, Jy, "
      "B or one made of them, with a prefix if you like; or none");
}
