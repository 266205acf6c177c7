// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/earth_time.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;
constexpr double kDay = 86400;

/// A file that goes away with the test.
class TextFile {
 public:
  explicit TextFile(const std::string& text)
      : path_((std::filesystem::temp_directory_path() /
               ("skymill-eop-" + std::to_string(::getpid()) + ".txt"))
                  .string()) {
    std::ofstream(path_) << text;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A line of finals2000A with numbers at their columns.
std::string finals_line(double mjd, char flag, double x, double y, double ut1) {
  std::string line(188, ' ');
  char text[32];
  const auto put = [&](std::size_t column, const char* format, double value) {
    const int length = std::snprintf(text, sizeof text, format, value);
    line.replace(column - 1, static_cast<std::size_t>(length), text);
  };
  put(8, "%8.2f", mjd);
  line[16] = line[57] = flag;
  put(19, "%9.6f", x);
  put(38, "%9.6f", y);
  put(59, "%10.7f", ut1);
  return line + "\n";
}

}  // namespace

TEST_CASE("values between days are linear, and a leap second is no jump") {
  // The leap second of 2017-01-01: UT1-UTC goes up by one second while UT1 runs on.
  const TextFile file(
      "# MJD x y UT1-UTC\n57753.0 0.1 0.2 -0.4080\n57754.0 0.3 0.6 0.5910 0 0 IP\n");
  const EarthOrientation earth = EarthOrientation::read(file.path());
  const Orientation noon = earth.at(57753.5 * kDay);
  CHECK(noon.pole_x_rad / kArcsec == Approx(0.2));
  CHECK(noon.pole_y_rad / kArcsec == Approx(0.4));
  CHECK(noon.ut1_utc_s == Approx(-0.4085).epsilon(1e-9));
  CHECK(noon.degradation.empty());
  CHECK(earth.at(57754 * kDay).ut1_utc_s == Approx(0.5910).epsilon(1e-9));
  CHECK(earth.at(57753.99999 * kDay).ut1_utc_s == Approx(-0.4090).epsilon(1e-6));
  CHECK(earth.last_measured_mjd() == 57753);
  CHECK_THAT(earth.description(57763), Contains("measured to 2016-12-31") && Contains("10 days"));
}

TEST_CASE("finals2000A is read by its columns, up to where its values end") {
  const TextFile file(finals_line(60000, 'I', 0.012345, 0.298765, -0.0162345) +
                      finals_line(60001, 'P', 0.014345, 0.300765, -0.0160345) +
                      std::string(7, ' ') + "60002.00" + std::string(170, ' ') + "\n");
  const EarthOrientation earth = EarthOrientation::read(file.path());
  CHECK(earth.first_mjd() == 60000);
  CHECK(earth.last_mjd() == 60001);
  CHECK(earth.last_measured_mjd() == 60000);
  const Orientation at = earth.at(60000.25 * kDay);
  CHECK(at.pole_x_rad / kArcsec == Approx(0.012845));
  CHECK(at.pole_y_rad / kArcsec == Approx(0.299265));
  CHECK(at.ut1_utc_s == Approx(-0.0161845).epsilon(1e-9));
  CHECK(at.error_arcsec > 0);
  CHECK(at.error_arcsec < 0.01);
}

TEST_CASE(
    "a date that the table lacks is an error with names, or the nearest value with a reason") {
  const TextFile file(
      "60000 0.1 0.2 -0.0160\n60001 0.1 0.2 -0.0161\n60010 0.1 0.2 -0.0170\n60011 0.1 0.2 "
      "-0.018\n");
  const EarthOrientation earth = EarthOrientation::read(file.path());
  for (const double mjd : {59999.9, 60001.1, 60005.0, 60011.5, 60500.0}) {
    CHECK_FALSE(earth.covers(mjd * kDay));
    CHECK_THROWS_WITH(earth.at(mjd * kDay), Contains(file.path()) &&
                                                Contains("2023-02-25 to 2023-02-26") &&
                                                Contains("does not have " + date_text(mjd)));
  }
  CHECK(earth.covers(60000 * kDay));
  CHECK(earth.covers(60011 * kDay));
  const Orientation early = earth.at(60003 * kDay, StalePolicy::nearest);
  CHECK(early.ut1_utc_s == Approx(-0.0161));
  CHECK_THAT(early.degradation, Contains("2023-02-26"));
  const Orientation late = earth.at(60111 * kDay, StalePolicy::nearest);
  CHECK(late.ut1_utc_s == Approx(-0.018));
  CHECK(late.error_arcsec > 1);  // 100 days: most of it UT1
  CHECK(late.error_arcsec < 4);
  CHECK(early.error_arcsec < late.error_arcsec);
}

TEST_CASE("the worst of many moments is reported: far predictions, missing dates, leap seconds") {
  const TextFile file(
      finals_line(60000, 'I', 0.1, 0.2, -0.016) + finals_line(60001, 'P', 0.1, 0.2, -0.016) +
      finals_line(60060, 'P', 0.1, 0.2, -0.02) + finals_line(60061, 'P', 0.1, 0.2, -0.02));
  const EarthOrientation earth = EarthOrientation::read(file.path());
  CHECK(earth.worst({60000 * kDay}).error_arcsec == 0);
  const Orientation soon = earth.worst({60000.2 * kDay, 60001 * kDay, 60000.5 * kDay});
  CHECK(soon.error_arcsec == Approx(15.04e-3 * std::pow(0.1, 1.23)));
  CHECK(soon.degradation.empty());
  const Orientation far = earth.at(60060.5 * kDay);  // not refused: the table has it
  CHECK(far.error_arcsec > 0.1);
  CHECK_THAT(far.degradation, Contains(file.path()) && Contains("prediction for 2023-04-26") &&
                                  Contains("60 days after"));
  CHECK(earth.worst({60000 * kDay, 60060.5 * kDay, 60001 * kDay}).degradation == far.degradation);
  // A degradation counts before a larger error that is none.
  const Orientation missing = earth.worst({60001 * kDay, 59999.99 * kDay});
  CHECK_THAT(missing.degradation, Contains("does not have 2023-02-24"));

  const EarthOrientation late({{90000, 0, 0, -37, false}, {90001, 0, 0, -37, false}}, "late");
  CHECK_THROWS_WITH(late.at(90000.5 * kDay), Contains("leap seconds of 2105-04-16"));
  const Orientation guessed = late.at(90000.5 * kDay, StalePolicy::nearest);
  CHECK(guessed.error_arcsec == 0);
  CHECK_THAT(guessed.degradation, Contains("TAI-UTC = 37"));
}

TEST_CASE("tables that cannot be used are named") {
  CHECK_THROWS_WITH(EarthOrientation::read("/no/such/table"), Contains("/no/such/table"));
  const TextFile words("60000 0.1 0.2\n");
  CHECK_THROWS_WITH(EarthOrientation::read(words.path()), Contains("MJD, x, y"));
  const TextFile twice("60000 0.1 0.2 0.3\n60000 0.1 0.2 0.3\n");
  CHECK_THROWS_WITH(EarthOrientation::read(twice.path()), Contains("ascend"));
  const TextFile empty("# nothing\n");
  CHECK_THROWS_WITH(EarthOrientation::read(empty.path()), Contains("no Earth orientation"));
}

TEST_CASE("the table is found by path, by variable, and beside the library") {
  const char* before = std::getenv("SKYMILL_EOP");
  const std::string kept = before == nullptr ? "" : before;
  const TextFile file("60000 0.1 0.2 -0.0160\n60001 0.1 0.2 -0.0161\n");
  ::setenv("SKYMILL_EOP", file.path().c_str(), 1);
  CHECK(EarthOrientation::find().path() == file.path());
  CHECK(EarthOrientation::find(SKYMILL_EOP_EXCERPT).path() == SKYMILL_EOP_EXCERPT);
  ::setenv("SKYMILL_EOP", "/no/such/table", 1);
  CHECK_THROWS_WITH(EarthOrientation::find(), Contains("/no/such/table"));
  ::unsetenv("SKYMILL_EOP");
  const EarthOrientation shipped = EarthOrientation::find();
  CHECK_THAT(shipped.path(), Contains("share/skymill/eop/"));
  CHECK(shipped.covers(60000.5 * kDay));
  if (!kept.empty()) ::setenv("SKYMILL_EOP", kept.c_str(), 1);
}

TEST_CASE("the shipped excerpt equals the whole table on every day that it has") {
  const char* data = std::getenv("SKYMILL_TEST_DATA");
  if (data == nullptr || *data == '\0') {
    WARN("SKIPPED: SKYMILL_TEST_DATA is not set");
    return;
  }
  const EarthOrientation whole = EarthOrientation::read(std::string(data) + "/eop/finals2000A.all");
  const EarthOrientation reduced =
      EarthOrientation::read(std::string(data) + "/eop/eop_2017_2027.txt");
  const EarthOrientation excerpt = EarthOrientation::read(SKYMILL_EOP_EXCERPT);
  std::size_t days = 0;
  for (double mjd = excerpt.first_mjd(); mjd <= excerpt.last_mjd(); ++mjd) {
    if (!excerpt.covers(mjd * kDay)) continue;
    ++days;
    const Orientation a = whole.at(mjd * kDay), b = excerpt.at(mjd * kDay);
    CHECK(a.ut1_utc_s == Approx(b.ut1_utc_s).margin(1e-12).epsilon(0));
    CHECK(a.pole_x_rad == b.pole_x_rad);
    CHECK(a.pole_y_rad == b.pole_y_rad);
    if (mjd < reduced.first_mjd()) continue;
    CHECK(reduced.at(mjd * kDay).ut1_utc_s == Approx(b.ut1_utc_s).margin(1e-12).epsilon(0));
    CHECK(reduced.at(mjd * kDay).pole_y_rad == b.pole_y_rad);
  }
  CHECK(days > 250);
  // The dates of our simulations, of DSA-110 examples and of real test data.
  for (const double mjd : {59731.0, 59760.9, 60000.5, 60950.1, 60647.73, 58042.9, 57697.9, 56527.7,
                           55312.14, 51759.56, 58203.79, 57074.65}) {
    CHECK(excerpt.covers(mjd * kDay));
  }
}

TEST_CASE("leap seconds are known, and dates beyond them refused") {
  CHECK(tai_minus_utc_s(57753.99 * kDay) == 36);
  CHECK(tai_minus_utc_s(57754 * kDay) == 37);
  CHECK(tai_minus_utc_s(60000 * kDay) == 37);
  CHECK_THROWS_WITH(tai_minus_utc_s(90000 * kDay), Contains("2105-04-16"));
  CHECK(tai_minus_utc_s(90000 * kDay, StalePolicy::nearest) == 37);
  CHECK_THROWS_AS(tai_minus_utc_s(1 * kDay), Error);
  CHECK(leap_seconds_known(60000 * kDay));
  CHECK_FALSE(leap_seconds_known(90000 * kDay));
  // Terrestrial time runs on through a leap second.
  const JulianDate before = julian_tt(57754 * kDay - 1), after = julian_tt(57754 * kDay);
  CHECK(((after.day - before.day) + (after.fraction - before.fraction)) * kDay ==
        Approx(2).margin(1e-5).epsilon(0));
}
