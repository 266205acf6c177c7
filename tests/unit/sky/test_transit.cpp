// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/earth_time.h>
#include <stages/sky/calibrator_list.h>
#include <stages/sky/transit.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kPi = std::numbers::pi;
const GeodeticPosition kSite{-118.2817 * kPi / 180, 37.2314 * kPi / 180, 1222};
constexpr double kMoment = 60950.27 * 86400;

const EarthOrientation& earth() {
  static const EarthOrientation table = EarthOrientation::read(SKYMILL_EOP_EXCERPT);
  return table;
}

}  // namespace

TEST_CASE("at its transit a source stands on the meridian") {
  const SkyFrames frames(kSite, earth());
  const CalibratorList list = CalibratorList::shipped();
  for (const Calibrator& one : list.all()) {
    const auto transit = transit_near(kMoment, one.direction, kSite, frames);
    if (one.name == "1934-638") {
      CHECK_FALSE(transit);  // it never rises there
      continue;
    }
    CAPTURE(one.name);
    REQUIRE(transit);
    CHECK(std::abs(transit->mjd_utc_s - kMoment) < 43200);
    // The other way round: what stands there at that moment is the source.
    const Direction there = frames.at(transit->mjd_utc_s).icrs_of(0, transit->apparent_dec_rad);
    // 0.02 s of the sky, for polar motion, which hour angles do not have.
    CHECK(std::abs(std::remainder(there.ra_rad - one.direction.ra_rad, 2 * kPi)) < 1.5e-6);
    CHECK(std::abs(there.dec_rad - one.direction.dec_rad) < 3e-6);
    CHECK(transit->elevation_rad ==
          Approx(kPi / 2 - std::abs(kSite.latitude_rad - transit->apparent_dec_rad)));
  }
}

TEST_CASE("transits follow each other by a sidereal day") {
  const SkyFrames frames(kSite, earth());
  const Direction source = CalibratorList::shipped().at("0834+555").direction;
  const double first_s = transit_near(kMoment, source, kSite, frames)->mjd_utc_s;
  const double next_s = transit_near(first_s + 86164, source, kSite, frames)->mjd_utc_s;
  CHECK(next_s - first_s == Approx(86164.09).margin(0.05));
  // The nearest, from before and behind.
  CHECK(transit_near(first_s + 40000, source, kSite, frames)->mjd_utc_s ==
        Approx(first_s).epsilon(0).margin(1e-3));
  CHECK(transit_near(first_s - 40000, source, kSite, frames)->mjd_utc_s ==
        Approx(first_s).epsilon(0).margin(1e-3));
}
