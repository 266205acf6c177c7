// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "golden_sky.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

const GeodeticPosition kSite{golden::kLongitude, golden::kLatitude, golden::kHeight};

/// East, north and up of a vector in ITRF axes, in plain words of longitude and latitude.
Vector3 east_north_up(const Vector3& v) {
  const double sl = std::sin(kSite.longitude_rad), cl = std::cos(kSite.longitude_rad);
  const double sp = std::sin(kSite.latitude_rad), cp = std::cos(kSite.latitude_rad);
  return {-sl * v[0] + cl * v[1], -sp * cl * v[0] - sp * sl * v[1] + cp * v[2],
          cp * cl * v[0] + cp * sl * v[1] + sp * v[2]};
}

double distance(const Vector3& a, const Vector3& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

double separation(const Direction& a, const Direction& b) {
  return std::hypot(
      std::remainder(a.ra_rad - b.ra_rad, 2 * 3.14159265358979323846) * std::cos(a.dec_rad),
      a.dec_rad - b.dec_rad);
}

}  // namespace

TEST_CASE("apparent directions and uvw axes are those of an independent program") {
  for (const auto& known : golden::kApparent) {
    const SkyFrame frame(known.mjd * 86400, kSite, golden::orientation_of(known.mjd));
    const Direction centre{known.ra_rad, known.dec_rad, "ICRS"};
    const UvwAxes axes = frame.axes(centre);
    // 3e-10 of 2.6 km is below 1e-6 m.
    CHECK(distance(east_north_up(axes.w), known.w) < 3e-10);
    CHECK(distance(east_north_up(axes.u), known.u) < 1e-9);
    CHECK(distance(east_north_up(axes.v), known.v) < 1e-9);
    const UvwAxes rigid = frame.axes(centre, UvwKind::rigid);
    CHECK(std::hypot(rigid.u[0], rigid.u[1], rigid.u[2]) == Approx(1).epsilon(1e-14));
    CHECK(rigid.w == axes.w);
    // Guards against a table that is silently not used (calibration.md 6.2).
    const SkyFrame still(known.mjd * 86400, kSite, Orientation{});
    CHECK(distance(still.apparent(centre), axes.w) / golden::kArcsec ==
          Approx(known.without_earth_arcsec).margin(2e-4).epsilon(0));
  }
}

TEST_CASE(
    "differential aberration is in the length of derivative axes, as in calibration.md 6.3.4") {
  // 2022-06-01: about -5.9e-5 near transit at declination 37; 2025-10-02: 1.8e-6.
  const auto stretch = [](double mjd) {
    const SkyFrame frame(mjd * 86400, kSite, golden::orientation_of(mjd));
    const UvwAxes axes = frame.axes(frame.icrs_of_zenith());
    return std::hypot(axes.u[0], axes.u[1], axes.u[2]) - 1;
  };
  CHECK(std::abs(stretch(59731.3)) > 1e-5);
  CHECK(std::abs(stretch(59731.3)) < 1.1e-4);
}

TEST_CASE("meridian centres and the zenith are those of an independent program, and come back") {
  for (const auto& known : golden::kMeridian) {
    const SkyFrame frame(known.mjd * 86400, kSite, golden::orientation_of(known.mjd));
    const Direction centre = frame.icrs_of(0, known.apparent_dec_rad);
    CHECK(centre.frame == "ICRS");
    CHECK(separation(centre, {known.ra_rad, known.dec_rad, "ICRS"}) < 1e-3 * golden::kArcsec);
    const Vector3 seen = frame.apparent(centre);
    CHECK(distance(seen, hour_angle_vector(0, known.apparent_dec_rad, kSite.longitude_rad)) <
          1e-11);
    if (known.apparent_dec_rad == Approx(kSite.latitude_rad).margin(1e-12).epsilon(0)) {
      CHECK(separation(frame.icrs_of_zenith(), centre) < 1e-12);
      CHECK(east_north_up(seen)[2] == Approx(1).epsilon(1e-15));
    }
  }
}

TEST_CASE("sidereal time is that of an independent program") {
  for (const auto& known : golden::kSidereal) {
    const double got = apparent_sidereal_rad(known.mjd * 86400, kSite.longitude_rad,
                                             golden::orientation_of(known.mjd));
    CHECK(got == Approx(known.radians).margin(1e-10).epsilon(0));
  }
}

TEST_CASE("axes fixed to the Earth: at the zenith they are east, north and up") {
  const UvwAxes zenith = earth_fixed_axes(0, kSite.latitude_rad, kSite.longitude_rad);
  CHECK(distance(east_north_up(zenith.u), {1, 0, 0}) < 1e-15);
  CHECK(distance(east_north_up(zenith.v), {0, 1, 0}) < 1e-15);
  CHECK(distance(east_north_up(zenith.w), {0, 0, 1}) < 1e-15);
  // West of the meridian: the direction leans to the west.
  CHECK(east_north_up(hour_angle_vector(0.1, 0.5, kSite.longitude_rad))[0] < 0);
}

TEST_CASE("places: the ellipsoid's own numbers, and there and back") {
  const Vector3 equator = geocentric_m({0, 0, 0});
  CHECK(distance(equator, {6378137, 0, 0}) < 1e-8);
  const Vector3 pole = geocentric_m({0, 1.5707963267948966, 10});
  CHECK(pole[2] == Approx(6356752.314245 + 10).epsilon(1e-13));
  const GeodeticPosition back = geodetic(geocentric_m(kSite));
  CHECK(back.longitude_rad == Approx(kSite.longitude_rad).epsilon(1e-14));
  CHECK(back.latitude_rad == Approx(kSite.latitude_rad).epsilon(1e-14));
  CHECK(back.height_m == Approx(kSite.height_m).margin(1e-6).epsilon(0));
  CHECK_THROWS_AS(geodetic({0, 0, 0}), Error);

  ObservationHeader header;
  CHECK_THROWS_WITH(array_position(header), Contains("no antenna positions"));
  Antenna antenna;
  header.antennas.push_back(antenna);  // an unused row
  antenna.position_m = geocentric_m(kSite);
  header.antennas.push_back(antenna);
  CHECK(array_position(header).latitude_rad == Approx(kSite.latitude_rad).epsilon(1e-14));
  header.position = {1, 0.5, 3};
  CHECK(array_position(header).longitude_rad == 1);
}

TEST_CASE("J2000 differs from ICRS by the frame bias, other frames are refused") {
  const Direction j2000{2.6529016266, 0.1309799403, "J2000"};
  const Direction same = icrs(j2000);
  CHECK(same.frame == "ICRS");
  const double apart = separation(same, j2000) / golden::kArcsec;
  CHECK(apart > 0.005);
  CHECK(apart < 0.03);
  // The mean equinox of J2000 stands 14.6 mas west and 16.6 mas north of the ICRS origin (IERS
  // Conventions 2010, 5.4.4).
  const Direction origin = icrs({0, 0, "J2000"});
  const double ra = std::remainder(origin.ra_rad, 2 * 3.14159265358979323846);
  CHECK(ra / golden::kArcsec == Approx(-0.0146).margin(1e-4).epsilon(0));
  CHECK(origin.dec_rad / golden::kArcsec == Approx(0.0166).margin(1e-4).epsilon(0));
  CHECK_THROWS_WITH(icrs({1, 0.5, "HADEC"}), Contains("HADEC"));
}

TEST_CASE("directions beside a centre are those of the SIN projection") {
  const Direction centre{1.0, 0.5, "ICRS"};
  const Direction there = offset_direction(centre, 0.01, -0.02);
  const double da = there.ra_rad - centre.ra_rad;
  CHECK(std::cos(there.dec_rad) * std::sin(da) == Approx(0.01).epsilon(1e-12));
  CHECK(std::sin(there.dec_rad) * std::cos(0.5) -
            std::cos(there.dec_rad) * std::sin(0.5) * std::cos(da) ==
        Approx(-0.02).epsilon(1e-12));
}
