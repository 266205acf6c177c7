// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frames.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "golden_sky.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kDay = 86400;
constexpr double kIntegration = 12.884901888;  // s
constexpr double kMicroArcsec = golden::kArcsec * 1e-6;
constexpr double kDecs[] = {-20, 16, 37, 54, 80};  // deg
const GeodeticPosition kSite{golden::kLongitude, golden::kLatitude, golden::kHeight};
const GeodeticPosition kOtherSite{21.4 * golden::kDegree, -30.7 * golden::kDegree, 1050};

/// Values of every day as they could be, UT1 running on through leap seconds.
EarthOrientation made_table(double first_mjd, double days) {
  std::vector<EarthOrientation::Day> table;
  for (double mjd = first_mjd; mjd <= first_mjd + days; ++mjd) {
    const double phase = mjd / 433;
    table.push_back({mjd, 0.2 * golden::kArcsec * std::sin(phase),
                     golden::kArcsec * (0.3 + 0.1 * std::cos(phase)), -36.5 - 1e-3 * (mjd - 57700),
                     false});
  }
  return EarthOrientation(std::move(table), "made");
}

double separation(const Direction& a, const Direction& b) {
  return std::hypot(std::remainder(a.ra_rad - b.ra_rad, 2 * kPi) * std::cos(a.dec_rad),
                    a.dec_rad - b.dec_rad);
}

double distance(const Vector3& a, const Vector3& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

std::vector<double> integrations(double middle_s, std::size_t count) {
  std::vector<double> times;
  for (std::size_t k = 0; k < count; ++k) {
    times.push_back(middle_s +
                    kIntegration * (static_cast<double>(k) - (static_cast<double>(count) - 1) / 2));
  }
  return times;
}

/// Largest difference of centres, of apparent directions and of uvw axes, radians, from frames that
/// are made alone.
double off_the_full_chain(const std::vector<double>& times, const GeodeticPosition& site,
                          const EarthOrientation& earth) {
  const SkyFrames frames(site, earth);
  double worst = 0;
  std::vector<std::vector<Direction>> centres;
  for (const double dec : kDecs) {
    centres.push_back(meridian_centres(times, site, dec * golden::kDegree, earth));
  }
  for (std::size_t t = 0; t < times.size(); ++t) {
    const SkyFrame alone(times[t], site, earth.at(times[t]));
    const SkyFrame one = frames.at(times[t]);
    for (std::size_t d = 0; d < std::size(kDecs); ++d) {
      const Direction centre = alone.icrs_of(0, kDecs[d] * golden::kDegree);
      const UvwAxes a = alone.axes(centre), b = one.axes(centre);
      worst = std::max({worst, separation(centres[d][t], centre), distance(a.u, b.u),
                        distance(a.v, b.v), distance(a.w, b.w)});
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("frames of a batch are within 10 micro-arcsec of frames made alone") {
  for (const GeodeticPosition& site : {kSite, kOtherSite}) {
    for (const double middle : {60950.125, 60000.0 /* midnight */, 57754.0 /* a leap second */}) {
      const EarthOrientation earth = made_table(middle - 3, 6);
      for (const std::size_t count : {24, 240}) {
        const double off =
            off_the_full_chain(integrations(middle * kDay, count), site, earth) / kMicroArcsec;
        CAPTURE(middle, count, off);
        CHECK(off < 10);
      }
    }
  }
  // The middle between nodes, which stand at half hours of terrestrial time, through a year.
  const EarthOrientation earth = made_table(59600, 400);
  double worst = 0;
  for (int k = 0; k < 80; ++k) {
    const double middle_s = (59610 + 4.6 * k) * kDay;
    const double tt_s = middle_s + 37 + 32.184;
    const double between_s = std::floor(tt_s / 1800) * 1800 + 900 - 37 - 32.184;
    worst = std::max(worst, off_the_full_chain({between_s}, kSite, earth) / kMicroArcsec);
  }
  CAPTURE(worst);
  CHECK(worst < 10);
  CHECK(worst > 0.01);  // else nothing was interpolated
}

TEST_CASE("a moment's frame does not depend on the others of its batch") {
  const EarthOrientation earth = made_table(60940, 20);
  const auto times = integrations(60950.125 * kDay, 240);
  const auto all = meridian_centres(times, kSite, 0.3, earth);
  REQUIRE(all.size() == times.size());
  for (const std::size_t k : {std::size_t{0}, std::size_t{100}, std::size_t{239}}) {
    const auto one = meridian_centres({times[k]}, kSite, 0.3, earth);
    CHECK(one[0].ra_rad == all[k].ra_rad);
    CHECK(one[0].dec_rad == all[k].dec_rad);
    CHECK(one[0].frame == "ICRS");
  }
  CHECK(meridian_centres({}, kSite, 0.3, earth).empty());
}

TEST_CASE("meridian centres in a batch are those of an independent program") {
  for (const auto& known : golden::kMeridian) {
    const Orientation at = golden::orientation_of(known.mjd);
    const double ut1_tai = at.ut1_utc_s - tai_minus_utc_s(known.mjd * kDay);
    const EarthOrientation earth({{known.mjd - 0.5, at.pole_x_rad, at.pole_y_rad, ut1_tai, false},
                                  {known.mjd + 0.5, at.pole_x_rad, at.pole_y_rad, ut1_tai, false}},
                                 "golden");
    const auto centres = meridian_centres({known.mjd * kDay}, kSite, known.apparent_dec_rad, earth);
    CHECK(separation(centres[0], {known.ra_rad, known.dec_rad, "ICRS"}) < 1e-4 * golden::kArcsec);
  }
}

TEST_CASE(
    "centres move steadily through midnight and RA 0h, and by a second more in a leap second") {
  const auto steps = [](double middle_s, double dec, const EarthOrientation& earth) {
    const auto centres = meridian_centres(integrations(middle_s, 24), kSite, dec, earth);
    std::vector<double> steps_arcsec;
    for (std::size_t k = 1; k < centres.size(); ++k) {
      steps_arcsec.push_back(std::remainder(centres[k].ra_rad - centres[k - 1].ra_rad, 2 * kPi) /
                             golden::kArcsec);
    }
    return std::pair(centres, steps_arcsec);
  };
  constexpr double kRate = 15.0411;  // arcsec of right ascension of date a second
  const EarthOrientation earth = made_table(57750, 10);
  const auto [midnight, regular] = steps(57753.0 * kDay, 0, earth);
  for (const double step : regular) CHECK(step == Approx(kRate * kIntegration).epsilon(2e-3));

  // 2016-12-31 had 86401 seconds: between 12th and 13th integration pass 13.88.
  const auto [leap, longer] = steps(57754.0 * kDay, 0, earth);
  for (std::size_t k = 0; k < longer.size(); ++k) {
    const double seconds = kIntegration + (k == 11 ? 1 : 0);
    CHECK(longer[k] == Approx(kRate * seconds).epsilon(2e-3));
  }
  CHECK(longer[11] - longer[10] == Approx(kRate).epsilon(2e-3));

  // ICRS right ascension 0h on the meridian.
  const double start_s = 57753.5 * kDay;
  const double ra = meridian_centres({start_s}, kSite, 0, earth)[0].ra_rad;
  const double crossing_s = start_s + (2 * kPi - ra) / golden::kArcsec / kRate;
  const auto [across, even] = steps(crossing_s, 0, earth);
  CHECK(across.front().ra_rad > 2 * kPi - 0.1);
  CHECK(across.back().ra_rad < 0.1);
  for (const double step : even) CHECK(step == Approx(kRate * kIntegration).epsilon(2e-3));
}

TEST_CASE("a wrong table moves the centres as calibration.md 6.2 says") {
  const double time_s = 60950.125 * kDay;
  const double longitude = kSite.longitude_rad;
  const double x = 0.2 * golden::kArcsec, y = 0.36 * golden::kArcsec, ut1_utc_s = -0.256;
  const auto table = [](double pole_x, double pole_y, double ut1_s) {
    return EarthOrientation(
        {{60950, pole_x, pole_y, ut1_s - 37, false}, {60951, pole_x, pole_y, ut1_s - 37, false}},
        "wrong");
  };
  const EarthOrientation right = table(x, y, ut1_utc_s), no_ut1 = table(x, y, 0),
                         no_pole = table(0, 0, ut1_utc_s);
  for (const double dec_deg : kDecs) {
    const double dec = dec_deg * golden::kDegree;
    const auto centre = [&](const EarthOrientation& earth) {
      return SkyFrames(kSite, earth)
          .at(time_s)
          .apparent(meridian_centres({time_s}, kSite, dec, right)[0]);
    };
    const Vector3 meridian = hour_angle_vector(0, dec, longitude);
    CHECK(distance(centre(right), meridian) < kMicroArcsec);
    // 3.85 arcsec of right ascension: the Earth is 0.256 s behind.
    CHECK(distance(centre(no_ut1), meridian) / golden::kArcsec ==
          Approx(15.0411 * 0.256 * std::cos(dec)).epsilon(1e-3));
    // A pole that is elsewhere turns the meridian: 0.4 arcsec at most, in both axes.
    const double north = x * std::cos(longitude) - y * std::sin(longitude);
    const double west = (x * std::sin(longitude) + y * std::cos(longitude)) * std::sin(dec);
    CHECK(distance(centre(no_pole), meridian) / golden::kArcsec ==
          Approx(std::hypot(north, west) / golden::kArcsec).epsilon(1e-3));
  }
}

TEST_CASE("dates that the table lacks are refused in batches too") {
  const EarthOrientation earth = made_table(60950, 1);
  const std::vector<double> times{60950.9 * kDay, 60951.1 * kDay};
  CHECK_THROWS_WITH(meridian_centres(times, kSite, 0, earth), Contains("does not have 2025-10-03"));
  CHECK(meridian_centres(times, kSite, 0, earth, StalePolicy::nearest).size() == 2);
  CHECK_THROWS_WITH(SkyFrames(kSite, earth, StalePolicy::nearest).at(1e15),
                    Contains("time stamps"));
}

TEST_CASE("uvw of antennas at many times; their differences do not know the site") {
  const EarthOrientation earth = EarthOrientation::read(SKYMILL_EOP_EXCERPT);
  std::vector<Antenna> antennas(3);
  const Vector3 centre = geocentric_m(kSite);
  for (std::size_t k = 0; k < 3; ++k) {
    antennas[k].position_m = centre;
    antennas[k].position_m[k] += 1000;
  }
  const std::vector<double> times{59731.3 * 86400, 59731.4 * 86400};
  const Direction source{4.0, 0.6, "ICRS"};
  const auto all = antenna_uvw_m(antennas, kSite, times, source, earth);
  REQUIRE(all.size() == 2);
  for (std::size_t t = 0; t < 2; ++t) {
    const SkyFrame frame(times[t], kSite, earth.at(times[t]));
    const UvwAxes axes = frame.axes(source);
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(all[t][k][0] == Approx(1000 * axes.u[k]).margin(1e-6).epsilon(0));
      CHECK(all[t][k][1] == Approx(1000 * axes.v[k]).margin(1e-6).epsilon(0));
      CHECK(all[t][k][2] == Approx(1000 * axes.w[k]).margin(1e-6).epsilon(0));
    }
  }
  CHECK_THROWS_WITH(antenna_uvw_m(antennas, kSite, {60100 * 86400.0}, source, earth),
                    Contains("does not have 2023-06-05"));
}
