// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/sky/calibrator_list.h>
#include <stages/sky/direction_cosines.h>

#include <catch2/catch.hpp>
#include <numbers>
#include <set>
#include <sstream>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kArcsec = std::numbers::pi / 180 / 3600;

CalibratorList list_of(const std::string& text) {
  std::istringstream in(text);
  return {in, "mine.csv"};
}

}  // namespace

TEST_CASE("the list that comes along has the primary flux calibrators, by any of their names") {
  const CalibratorList list = CalibratorList::shipped();
  CHECK(list.all().size() >= 20);
  for (const char* name : {"3C286", "3c286", "J1331+3030", "1331+305", " 3C 286"}) {
    CHECK(list.at(name).name == "3C286");
  }
  for (const ScaleSource& source : perley_butler_2017()) {
    CHECK(list.at(source.name).scale == &source);
  }
  CHECK(list.at("0834+555").flux_jy_at(1.4e9) == 8.8);
  CHECK(list.find("3C999") == nullptr);
}

TEST_CASE("places agree with those that observations of the sources name") {
  // Phase centres in the FIELD tables of LOFAR, EVLA and SMA data.
  const CalibratorList list = CalibratorList::shipped();
  const auto off_arcsec = [&](const char* name, double ra_h, double dec_deg) {
    const Direction there{ra_h * std::numbers::pi / 12, dec_deg * std::numbers::pi / 180, "ICRS"};
    return separation_rad(list.at(name).direction, there) / kArcsec;
  };
  CHECK(off_arcsec("3C48", 1 + 37 / 60.0 + 41.299440 / 3600, 33.159759) < 0.01);
  CHECK(off_arcsec("3C237", 10 + 8 / 60.0 + 0.016 / 3600, 7.504597780) < 0.01);
  CHECK(off_arcsec("3C84", 3 + 19 / 60.0 + 48.16 / 3600, 41.511696111) < 0.01);
  CHECK(off_arcsec("3C279", 12 + 56 / 60.0 + 11.166 / 3600, -5.789312222) < 0.02);
}

TEST_CASE("names tell where sources are") {
  // J1331+3030 stands at 13h31m and +30d30m: hours, minutes, degrees and minutes, cut off.
  const CalibratorList list = CalibratorList::shipped();
  for (const Calibrator& one : list.all()) {
    CAPTURE(one.name);
    REQUIRE_FALSE(one.aliases.empty());
    const std::string& name = one.aliases.front();
    REQUIRE(name.size() == 10);
    const double minutes = one.direction.ra_rad * 12 * 60 / std::numbers::pi;
    CHECK(static_cast<int>(minutes) ==
          std::stoi(name.substr(1, 2)) * 60 + std::stoi(name.substr(3, 2)));
    const double arcmin = std::abs(one.direction.dec_rad) * 180 * 60 / std::numbers::pi;
    CHECK(static_cast<int>(arcmin) ==
          std::stoi(name.substr(6, 2)) * 60 + std::stoi(name.substr(8, 2)));
    CHECK((name[5] == '-') == (one.direction.dec_rad < 0));
  }
}

TEST_CASE("a flux is known where the list says, and nowhere else") {
  const CalibratorList list = list_of(
      "name,ra,dec,flux,frequency,spectral_index,curvature,low,high\n"
      "A,1h,10deg,2Jy,1.4GHz,-0.7,0.1,1GHz,2GHz\n"
      "B,2h,10deg,,,,,,\n");
  const double ratio = 1.8 / 1.4;
  CHECK(list.at("A").flux_jy_at(1.8e9) ==
        Approx(2 * std::pow(ratio, -0.7 + 0.1 * std::log10(ratio))).epsilon(1e-12));
  CHECK_FALSE(list.at("A").has_flux_at(2.1e9));
  CHECK_THROWS_WITH(list.at("A").flux_jy_at(2.1e9), Contains("2.1 GHz") && Contains("1 GHz"));
  CHECK_THROWS_WITH(list.at("B").flux_jy_at(1.4e9), Contains("flux of B"));
  CHECK_FALSE(list.at("B").has_flux_at(1.4e9));
}

TEST_CASE("an unknown calibrator is answered with the nearest spelling") {
  try {
    CalibratorList::shipped().at("3C268");
    FAIL("it was found");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::description);
    CHECK_THAT(error.message(), Contains("'3C268'"));
    CHECK_THAT(error.hint(), Contains("3C286"));
  }
}

TEST_CASE("a line of a list that is wrong is named") {
  const std::string top = "name,ra,dec,flux,frequency,low,high\n";
  const auto fault = [&](const std::string& line) {
    try {
      list_of(top + "# a remark\n" + line + "\n");
    } catch (const Error& error) {
      CHECK(error.where().text() == "mine.csv:3");
      return error.message();
    }
    return std::string("nothing is wrong");
  };
  CHECK_THAT(fault("A,1h,10deg"), Contains("3 cells for 7 columns"));
  CHECK_THAT(fault("A,1h,10:20:30,,,,"), Contains("colons"));
  CHECK_THAT(fault("A,1h,95deg,,,,"), Contains("beyond the pole"));
  CHECK_THAT(fault("A,1GHz,10deg,,,,"), Contains("ra '1GHz'"));
  CHECK_THAT(fault("A,1h,10deg,2Jy,,1GHz,2GHz"), Contains("no frequency"));
  CHECK_THAT(fault("A,1h,10deg,-2Jy,1GHz,1GHz,2GHz"), Contains("not above 0"));
  CHECK_THAT(fault("A,1h,10deg,2Jy,1GHz,2GHz,1GHz"), Contains("low is above high"));
  CHECK_THAT(fault(",1h,10deg,,,,"), Contains("no name"));
  CHECK_THROWS_WITH(list_of("name,ra,decl\n"), Contains("'decl'"));
  CHECK_THROWS_WITH(list_of("name,ra,dec\nA,1h,1deg\na,2h,2deg\n"), Contains("already"));
  CHECK_THROWS_WITH(CalibratorList::of("nowhere.csv"), Contains("nowhere.csv"));
}
