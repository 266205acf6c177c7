// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/frequency_frames.h>

#include <catch2/catch.hpp>
#include <cmath>

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kLightSpeed = 299792458.0;
constexpr double kDegree = 3.14159265358979323846 / 180;
constexpr double kTime = 60950.3 * 86400;
const GeodeticPosition kSite{-118.28 * kDegree, 37.23 * kDegree, 1200};

/// Velocity by which a frequency in `from` seems to recede further in `to`, m/s.
double shift(const Direction& towards, FrequencyFrame from, FrequencyFrame to, double time_s) {
  return kLightSpeed * (1 - FrequencyFrames(kSite, towards).ratio(from, to, time_s));
}

}  // namespace

TEST_CASE("the Sun moves towards the apex at 20 km/s and across it not at all") {
  const Direction apex{270.95938 * kDegree, 30.00468 * kDegree, "ICRS"};  // 18h +30deg of B1900
  const double along = shift(apex, FrequencyFrame::bary, FrequencyFrame::lsrk, kTime);
  CHECK(along == Approx(20000).epsilon(0).margin(1));
  const Direction across{apex.ra_rad + 90 * kDegree, 0, "ICRS"};
  CHECK(shift(across, FrequencyFrame::bary, FrequencyFrame::lsrk, kTime) ==
        Approx(0).epsilon(0).margin(0.5));
}

TEST_CASE("rotation is within 370 m/s here, the orbit within 30.5 km/s") {
  double rotation = 0;
  double orbit = 0;
  for (int hour = 0; hour < 24; ++hour) {
    const Direction towards{15 * hour * kDegree, 0, "ICRS"};
    rotation = std::max(rotation,
                        std::abs(shift(towards, FrequencyFrame::topo, FrequencyFrame::geo, kTime)));
    orbit =
        std::max(orbit, std::abs(shift(towards, FrequencyFrame::geo, FrequencyFrame::bary, kTime)));
  }
  CHECK(rotation == Approx(465.1 * std::cos(kSite.latitude_rad)).epsilon(0.02));
  CHECK(orbit > 27000);
  CHECK(orbit < 30500);
}

TEST_CASE("ratios are inverse of each other, chained, and 1 within a frame") {
  const FrequencyFrames frames(kSite, {1.1, 0.3, "J2000"});
  const auto ratio = [&](FrequencyFrame from, FrequencyFrame to) {
    return frames.ratio(from, to, kTime);
  };
  CHECK(ratio(FrequencyFrame::topo, FrequencyFrame::topo) == 1);
  CHECK(ratio(FrequencyFrame::topo, FrequencyFrame::lsrk) *
            ratio(FrequencyFrame::lsrk, FrequencyFrame::topo) ==
        Approx(1).epsilon(1e-15));
  CHECK(ratio(FrequencyFrame::topo, FrequencyFrame::bary) *
            ratio(FrequencyFrame::bary, FrequencyFrame::lsrk) ==
        Approx(ratio(FrequencyFrame::topo, FrequencyFrame::lsrk)).epsilon(1e-15));
}

TEST_CASE("frames by name and by casacore's code") {
  CHECK(frequency_frame("BARY") == FrequencyFrame::bary);
  CHECK(frequency_frame(1) == FrequencyFrame::lsrk);
  CHECK(frequency_frame(5) == FrequencyFrame::topo);
  CHECK_FALSE(frequency_frame(0));
  CHECK_THROWS_WITH(frequency_frame("CMB"), Catch::Matchers::Contains("CMB"));
  CHECK_THROWS_AS(FrequencyFrames(kSite, {1, 0, "AZELGEO"}), Error);
}
