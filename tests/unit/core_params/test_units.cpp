// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/units.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace skymill;

namespace {

struct Good {
  const char* text;
  const char* unit;
  double value;
};

std::string fault(const std::string& text, const std::string& unit) {
  try {
    const double value = parse_quantity(text, unit);
    return "read as " + exact_number(value);
  } catch (const QuantityError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("quantities are converted to the declared unit") {
  const std::vector<Good> table{
      {"1.42 GHz", "Hz", 1.42e9},
      {"1.42GHz", "Hz", 1.42e9},
      {"  1420 MHz ", "Hz", 1.42e9},
      {"1.42e9", "Hz", 1.42e9},
      {"+5", "", 5},
      {"-0.5", "", -0.5},
      {".5", "", 0.5},
      {"1e-3", "", 1e-3},
      {"1400 kHz", "MHz", 1.4},
      {"3 ms", "s", 0.003},
      {"250 us", "s", 250e-6},
      {"250 \xC2\xB5s", "s", 250e-6},
      {"2 min", "s", 120},
      {"1.5 h", "s", 5400},
      {"1 d", "h", 24},
      {"30 km", "m", 30000},
      {"21 cm", "m", 0.21},
      {"3 mm", "m", 0.003},
      {"250 km/s", "m/s", 250000},
      {"180 deg", "rad", M_PI},
      {"1 arcmin", "arcsec", 60},
      {"4.6 mas", "arcsec", 0.0046},
      {"1 rad", "deg", 180 / M_PI},
      {"1.2 mJy", "Jy", 1.2e-3},
      {"20 uJy/beam", "Jy/beam", 20e-6},
      {"30 mK", "K", 0.03},
      {"2 klambda", "lambda", 2000},
      {"0.5 Mlambda", "klambda", 500},
      {"512 MiB", "B", 512.0 * 1024 * 1024},
      {"2 kB", "B", 2000},
      {"2 k", "B", 2000},
      {"4G", "B", 4e9},
      {"1 TiB", "GiB", 1024},
      {"5", "sigma", 5},
      {"5 sigma", "sigma", 5},
      {"5 %", "%", 5},
      {"0", "Hz", 0},
  };
  for (const Good& good : table) {
    INFO(good.text << " in " << good.unit);
    CHECK(parse_quantity(good.text, good.unit) == Approx(good.value).epsilon(1e-15));
  }
  // Powers of ten are exact, so that descriptions in different units give the same content key.
  CHECK(parse_quantity("3 ms", "s") == 0.003);
  CHECK(parse_quantity("1.2 mJy", "Jy") == 0.0012);
}

TEST_CASE("sexagesimal angles") {
  const std::vector<Good> table{
      {"12h30m49.4s", "deg", 15 * (12 + 30 / 60.0 + 49.4 / 3600)},
      {"12h30m", "deg", 187.5},
      {"12h", "deg", 180},
      {"-26d05m10s", "deg", -(26 + 5 / 60.0 + 10 / 3600.0)},
      {"-00d30m", "deg", -0.5},
      {"+41d16m09s", "deg", 41 + 16 / 60.0 + 9 / 3600.0},
      {"12:30:49", "deg", 15 * (12 + 30 / 60.0 + 49 / 3600.0)},
      {"00:00:01.5", "arcsec", 22.5},
  };
  for (const Good& good : table) {
    INFO(good.text);
    CHECK(parse_quantity(good.text, good.unit) == Approx(good.value).epsilon(1e-14));
  }
  for (const char* text :
       {"12:30", "12:60:00", "12:30:61", "25:00:00", "-12:30:49", "-12h30m", "12h30s",
        "12h30.5m10s", "12h30", "12:30:", "::", "26d5m10", "361d", "1d2h", "12:30:49:1"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_quantity(text, "deg"), QuantityError);
  }
  CHECK(fault("12:30:49", "s") == "'12:30:49' is not a time; write a number in s");
}

TEST_CASE("what is not a quantity is refused in words") {
  const std::vector<std::vector<std::string>> table{
      {"1.3 Gh", "Hz", "'Gh' is not a unit; did you mean 'GHz'?"},
      {"1.3 ghz", "Hz", "'ghz' is not a unit; did you mean 'GHz'?"},
      {"3 s", "Hz", "'3 s' is a time; it must be a frequency in Hz"},
      {"3 m", "s", "'3 m' is a length; it must be a time in s"},
      {"2 mJy", "Jy/beam", "'2 mJy' is a flux density; it must be a brightness in Jy/beam"},
      {"5 %", "", "'5 %' is a fraction; it must be a plain number"},
      {"3 furlongs", "m", "'furlongs' is not a unit; the unit is m"},
      {"4G", "Hz", "'G' is not a unit; the unit is Hz"},
      {"1 as", "arcsec", "'as' is not a unit; did you mean 'mas'?"},
      {"", "Hz", "'' is not a frequency; write a number in Hz"},
      {"Hz", "Hz", "'Hz' is not a frequency; write a number in Hz"},
      {"no", "", "'no' is not a plain number; write a number"},
      {"1,5", "", "'1,5' is not a plain number; write a number"},
      {"1 2", "", "'1 2' is not a plain number; write a number"},
      {"--5", "", "'--5' is not a plain number; write a number"},
      {"+-5", "", "'+-5' is not a plain number; write a number"},
      {"nan", "", "'nan' is not a plain number; write a number"},
      {"-inf", "K", "'-inf' is not a temperature; write a number in K"},
      {"1e999", "K", "'1e999' is not a temperature; write a number in K"},
      {"1e308 TiB", "B", "'1e308 TiB' is not a size in bytes; write a number in B"},
  };
  for (const auto& row : table) CHECK(fault(row[0], row[1]) == row[2]);
  CHECK_THROWS_AS(parse_quantity("1", "parsec"), std::logic_error);
  CHECK(is_unit("mJy/beam"));
  CHECK(is_unit(""));
  CHECK_FALSE(is_unit("as"));
  CHECK_FALSE(is_unit("k"));
  CHECK(unit_dimension("MHz") == "a frequency");
}

TEST_CASE("quantities for people") {
  const std::vector<std::vector<std::string>> table{
      {"1.42e9", "Hz", "1.42 GHz"},
      {"1405520000", "Hz", "1.4055 GHz"},
      {"999999.9", "Hz", "1 MHz"},
      {"536870912", "B", "512 MiB"},
      {"1000", "B", "1000 B"},
      {"0", "B", "0 B"},
      {"1.4544410433286e-5", "rad", "3 arcsec"},
      {"0.0046", "arcsec", "4.6 mas"},
      {"0.0012", "Jy", "1.2 mJy"},
      {"-0.0012", "Jy", "-1.2 mJy"},
      {"0.001234", "s", "1.23 ms"},
      {"12.34", "s", "12.3 s"},
      {"59.99", "s", "1 min"},
      {"125.4", "s", "2 min 5 s"},
      {"3599.9", "s", "1 h"},
      {"3720", "s", "1 h 2 min"},
      {"86400", "s", "1 d"},
      {"100000", "s", "1 d 4 h"},
      {"2", "h", "2 h"},
      {"5", "sigma", "5 sigma"},
      {"12.5", "%", "12.5 %"},
      {"2", "", "2"},
      {"300", "lambda", "300 lambda"},
      {"4500", "m", "4.5 km"},
  };
  for (const auto& row : table) CHECK(format_quantity(std::stod(row[0]), row[1]) == row[2]);
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(format_quantity(inf, "s") == "inf s");
}

TEST_CASE("short quantities read back as the same value") {
  CHECK(short_quantity(1.31e9, "Hz") == "1.31 GHz");
  CHECK(short_quantity(1e12, "Hz") == "1 THz");
  CHECK(short_quantity(90, "s") == "90 s");
  CHECK(short_quantity(3600, "s") == "1 h");
  CHECK(short_quantity(3 * M_PI / 648000, "rad") == "3 arcsec");
  CHECK(short_quantity(5, "sigma") == "5 sigma");
  CHECK(short_quantity(-0.5, "") == "-0.5");
  for (const char* unit : {"Hz", "s", "m", "rad", "Jy", "K", "B", "lambda", "%", ""}) {
    for (const double value : {1.0, 0.1, 12345.678, 3e-7, 2.5e11, -7.25, 1 / 3.0}) {
      const std::string text = short_quantity(value, unit);
      INFO(text);
      CHECK(parse_quantity(text, unit) == Approx(value).epsilon(1e-11));
    }
  }
}
