// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/parallactic_angle.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "term_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;
constexpr double kTime_s = 60950.3 * 86400;

/// Two antennas of the VLA's place, far enough apart to see different zeniths.
ObservationHeader two_antennas(std::vector<int> correlations) {
  ObservationHeader header;
  header.source = "made.ms";
  header.antennas.resize(2);
  header.antennas[0].name = "A";
  header.antennas[0].position_m = {-1601185.4, -5041977.5, 3554875.9};
  header.antennas[1].name = "B";
  header.antennas[1].position_m = {-2112065.0, -3705356.5, 4726813.8};
  header.data_descriptions.push_back({0, std::move(correlations)});
  header.fields.push_back({"target", {}, kTime_s});
  return header;
}

using Matrix = std::array<std::array<std::complex<double>, 2>, 2>;

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c{};
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j];
  }
  return c;
}

Matrix adjoint(const Matrix& a) {
  return {{{std::conj(a[0][0]), std::conj(a[1][0])}, {std::conj(a[0][1]), std::conj(a[1][1])}}};
}

}  // namespace

TEST_CASE("parallactic angles follow from hour angle, declination and latitude") {
  const ObservationHeader header = two_antennas({9, 10, 11, 12});
  const ParallacticAngle parallactic(header, "");
  const EarthOrientation earth = EarthOrientation::find();
  for (const double hour_angle : {-70.0, -5.0, 0.0, 40.0, 110.0}) {
    for (const double dec : {-20.0, 33.0, 75.0}) {
      const double h = hour_angle * kDegree, d = dec * kDegree;
      const GeodeticPosition site = geodetic(header.antennas[0].position_m);
      const SkyFrame frame(kTime_s, site, earth.at(kTime_s));
      const double phi = site.latitude_rad;
      const double expected =
          std::atan2(std::cos(phi) * std::sin(h),
                     std::sin(phi) * std::cos(d) - std::cos(phi) * std::sin(d) * std::cos(h));
      INFO("H " << hour_angle << " deg, dec " << dec << " deg");
      // Polar motion is in the one and not in the other.
      const double found = parallactic.angles(kTime_s, frame.icrs_of(h, d))[0];
      CHECK(std::abs(std::remainder(found - expected, 360 * kDegree)) < 2e-5);
    }
  }
}

TEST_CASE("what feeds on alt-az mounts see is turned back to the sky") {
  const bool circular = GENERATE(false, true);
  ObservationHeader header =
      two_antennas(circular ? std::vector<int>{5, 6, 7, 8} : std::vector<int>{9, 10, 11, 12});
  header.fields[0].phase_dir = {70 * kDegree, 20 * kDegree, "ICRS"};
  const ParallacticAngle parallactic(header, "");
  const std::vector<double> x = parallactic.angles(kTime_s, header.fields[0].phase_dir);
  REQUIRE(std::abs(x[0] - x[1]) > 0.01);
  const auto turn = [&](double angle) -> Matrix {
    if (circular) return {{{std::polar(1.0, -angle), 0}, {0, std::polar(1.0, angle)}}};
    return {{{std::cos(angle), std::sin(angle)}, {-std::sin(angle), std::cos(angle)}}};
  };
  using C = std::complex<double>;
  const Matrix sky{{{{C(3, 0), C(0.4, 0.2)}}, {{C(0.4, -0.2), C(2.5, 0)}}}};
  const Matrix seen = product(product(turn(x[0]), sky), adjoint(turn(x[1])));
  Visibilities rows;
  rows.header = std::make_shared<const ObservationHeader>(header);
  rows.nchan = 1;
  rows.ncorr = 4;
  rows.time_s = {kTime_s, kTime_s};
  rows.field_id = {0, 0};
  rows.antenna1 = {0, 0};
  rows.antenna2 = {1, 1};
  for (std::size_t row = 0; row < 2; ++row) {
    for (const auto& line : seen) {
      for (const auto& value : line) rows.data.push_back(std::complex<float>(value));
    }
  }
  rows.flag = {0, 0, 0, 0, 0, 1, 0, 0};
  parallactic.turn(rows);
  for (std::size_t k = 0; k < 8; ++k) {
    CHECK(std::abs(std::complex<double>(rows.data[k]) - sky[k % 4 / 2][k % 2]) < 1e-6);
  }
  const std::uint8_t mixed = circular ? 0 : 1;
  CHECK(rows.flag == std::vector<std::uint8_t>{0, 0, 0, 0, mixed, 1, mixed, mixed});
}

TEST_CASE("without all four correlations, or of an unknown mount, nothing is turned") {
  const ObservationHeader two = two_antennas({9, 12});
  CHECK_THROWS_WITH(ParallacticAngle(two, ""), Contains("2 correlations"));
  ObservationHeader odd = two_antennas({5, 6, 7, 8});
  odd.antennas[1].mount = "X-Y";
  CHECK_THROWS_WITH(ParallacticAngle(odd, ""), Contains("X-Y"));
  ObservationHeader drift = two_antennas({5, 6, 7, 8});
  drift.phasing = Phasing::unprojected;
  CHECK_THROWS_WITH(ParallacticAngle(drift, ""), Contains("not phased"));
}
