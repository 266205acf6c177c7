// SPDX-License-Identifier: GPL-3.0-or-later
// What editors are told of a quantity, against what reads it.
#include "field_schema.h"

#include <core/units.h>

#include <catch2/catch.hpp>
#include <regex>
#include <string>
#include <vector>

#include "unit_names.h"

using namespace skymill;

namespace {

std::regex pattern_of(const std::string& unit) {
  return std::regex(quantity_schema(unit).at("anyOf").at(1).at("pattern").get<std::string>());
}

bool is_read(const std::string& text, const std::string& unit) {
  try {
    parse_quantity(text, unit);
    return true;
  } catch (const QuantityError&) {
    return false;
  }
}

const std::vector<std::string> kUnits{"",  "Hz",     "s", "m",     "m/s", "rad",    "Jy", "Jy/beam",
                                      "K", "lambda", "B", "sigma", "%",   "arcsec", "d"};

}  // namespace

TEST_CASE("every unit that is read behind a number fits the pattern") {
  for (const std::string& unit : kUnits) {
    const std::regex pattern = pattern_of(unit);
    for (const std::string& name : unit_names_for(unit)) {
      for (const std::string number : {"5", "-2.5", "+.5e-3 ", " 7."}) {
        INFO(number + name << " in " << unit);
        CHECK(is_read(number + name, unit));
        CHECK(std::regex_match(number + name, pattern));
      }
    }
  }
}

TEST_CASE("no text that is read is refused by the pattern") {
  const std::vector<std::string> texts{
      "5",    "+5",    "-5",          "5.",         ".5",       "5e3",
      "1E-3", "5 GHz", "5GHz",        " 5  GHz ",   "2\u00B5s", "2 \u03BCJy",
      "3 k",  "4 GiB", "12h30m49.4s", "-26d05m10s", "12:30:49", "+12:30:49.",
      "12h",  "90d",   "20 %",        "5 sigma",    "1 min"};
  int read = 0;
  for (const std::string& unit : kUnits) {
    const std::regex pattern = pattern_of(unit);
    for (const std::string& text : texts) {
      if (!is_read(text, unit)) continue;
      ++read;
      INFO(text << " in " << unit);
      CHECK(std::regex_match(text, pattern));
    }
  }
  CHECK(read > 100);
}

TEST_CASE("what is no quantity of the unit is refused by both") {
  const std::vector<std::string> texts{"",    "many", "5 m",   "GHz",       "+-5",
                                       "5 5", "0x5",  "5,3",   "5 ghz",     "inf",
                                       "nan", "1 Jy", "12:30", "-12:30:00", "2 Hzz"};
  const std::regex pattern = pattern_of("Hz");
  for (const std::string& text : texts) {
    INFO(text);
    CHECK_FALSE(is_read(text, "Hz"));
    CHECK_FALSE(std::regex_match(text, pattern));
  }
}
