// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/utc_text.h>
#include <stages/uvh5_groups/file_name.h>
#include <catch2/catch.hpp>

using namespace skymill::radio;

TEST_CASE("times in UTC are read with as many parts as are given") {
  // From `date -u -d ... +%s`.
  CHECK(parse_utc("2025-10-02").value() == 1759363200);
  CHECK(parse_utc("2025-10-02T06").value() == 1759384800);
  CHECK(parse_utc("2025-10-02T06:30").value() == 1759386600);
  CHECK(parse_utc("2025-10-02T06:30:06").value() == 1759386606);
  CHECK(parse_utc("2025-10-02T06:30:06.25Z").value() == 1759386606.25);
  CHECK(parse_utc("2016-12-31T23:59:60").value() == parse_utc("2017-01-01").value());
  CHECK(parse_utc("2024-02-29").has_value());
}

TEST_CASE("what is no time is not taken for one") {
  for (const char* text :
       {"", "2025", "2025-10", "2025-13-01", "2025-02-29", "2025-10-02T24", "2025-10-02T06:60",
        "2025-10-02 06:30", "2025-10-02T06:30:06.", "2025-10-02T06:30:06.x", "2025-10-02T6:30",
        "2025-10-02T06:30:06+1", "2025-10-02T06.5", "yesterday", "2025-1a-02"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_utc(text).has_value());
  }
}

TEST_CASE("a time is written to the nearest second") {
  CHECK(utc_seconds_text(1759386606.4) == "2025-10-02T06:30:06");
  CHECK(utc_seconds_text(1759386606.6) == "2025-10-02T06:30:07");
  CHECK(utc_seconds_text(1767225599.7) == "2026-01-01T00:00:00");
}

TEST_CASE("names of the correlator's files") {
  const SubbandName good = parse_subband_name("/data/2025-10-02T06:30:06_sb03.hdf5");
  CHECK(good.time_s.value() == 1759386606);
  CHECK(good.subband.value() == 3);
  CHECK_FALSE(good.incomplete);

  const SubbandName open = parse_subband_name("2025-10-02T06:30:06_sb15_incomplete.hdf5");
  CHECK(open.time_s.value() == 1759386606);
  CHECK(open.subband.value() == 15);
  CHECK(open.incomplete);

  const SubbandName other = parse_subband_name("hera_2457698_256ch_v12.uvh5");
  CHECK_FALSE(other.time_s.has_value());
  CHECK_FALSE(other.subband.has_value());
  CHECK_FALSE(other.incomplete);
  CHECK_FALSE(parse_subband_name("2025-10-02T06:30:06_sbx.hdf5").subband.has_value());
  CHECK_FALSE(parse_subband_name("2025-10-02T06:30:06_sb.hdf5").subband.has_value());
}
