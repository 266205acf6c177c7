// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/common_beam.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <stdexcept>
#include <vector>

using namespace skymill::kernels;

namespace {

constexpr double kPi = std::numbers::pi;

/// Largest reach of `inner` along directions, in units of that of `outer`: 1 when it touches.
double sticks_out(const GaussianBeam& outer, const GaussianBeam& inner) {
  double most = 0;
  for (int k = 0; k < 20000; ++k) {
    const double t = 2 * kPi * k / 20000;
    const double along = inner.major_rad * std::cos(t);
    const double across = inner.minor_rad * std::sin(t);
    const double l = along * std::sin(inner.pa_rad) + across * std::cos(inner.pa_rad);
    const double m = along * std::cos(inner.pa_rad) - across * std::sin(inner.pa_rad);
    const double u = (l * std::sin(outer.pa_rad) + m * std::cos(outer.pa_rad)) / outer.major_rad;
    const double v = (l * std::cos(outer.pa_rad) - m * std::sin(outer.pa_rad)) / outer.minor_rad;
    most = std::max(most, std::hypot(u, v));
  }
  return most;
}

void check_beam(const GaussianBeam& beam, double major, double minor, double pa) {
  CHECK(beam.major_rad == Approx(major).epsilon(1e-7));
  CHECK(beam.minor_rad == Approx(minor).epsilon(1e-7));
  if (major > 1.001 * minor) {
    CHECK(std::abs(std::sin(beam.pa_rad - pa)) < 1e-5);
  }
  CHECK(beam.pa_rad > -kPi / 2);
  CHECK(beam.pa_rad <= kPi / 2 + 1e-12);
}

}  // namespace

TEST_CASE("enclosing beams that are known", "[kernels][beam]") {
  // One that holds all others is itself.
  check_beam(enclosing_beam({{5e-6, 3e-6, 0.4}}), 5e-6, 3e-6, 0.4);
  check_beam(enclosing_beam({{2e-6, 2e-6, 1}, {5e-6, 3e-6, -1.2}, {4e-6, 2.9e-6, -1.2}}), 5e-6,
             3e-6, -1.2);
  // Two that cross at right angles have a circle.
  check_beam(enclosing_beam({{5, 1, 0.3}, {5, 1, 0.3 + kPi / 2}}), 5, 5, 0);
  check_beam(enclosing_beam({{5, 4, 0}, {5, 4, kPi / 2}}), 5, 5, 0);
  // A circle and a needle: the needle's length, the circle's width.
  check_beam(enclosing_beam({{3, 3, 0}, {7, 0.5, -0.8}}), 7, 3, -0.8);
  // Along common axes: the larger of each.
  check_beam(enclosing_beam({{6, 2, 1.1}, {5, 4, 1.1}, {3, 1, 1.1}}), 6, 4, 1.1);
  // Two needles of length L at angles +-a: the ellipse through their ends, sqrt 2 L cos and sin a.
  const double a = 0.5;
  check_beam(enclosing_beam({{4, 1e-3, a}, {4, 1e-3, -a}}), 4 * std::sqrt(2) * std::cos(a),
             4 * std::sqrt(2) * std::sin(a), 0);
}

TEST_CASE("no ellipse that holds all beams is smaller", "[kernels][beam]") {
  std::mt19937 random(GENERATE(1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U));
  std::uniform_real_distribution<double> any(0, 1);
  std::vector<GaussianBeam> beams;
  const int count = 2 + static_cast<int>(12 * any(random));
  for (int k = 0; k < count; ++k) {
    const double major = 1 + any(random);
    beams.push_back({major, major * (0.3 + 0.7 * any(random)), kPi * (any(random) - 0.5)});
  }
  const GaussianBeam found = enclosing_beam(beams);
  double touching = 0;
  for (const GaussianBeam& beam : beams) {
    touching = std::max(touching, sticks_out(found, beam));
  }
  CHECK(touching <= 1 + 1e-7);
  CHECK(touching >= 1 - 1e-6);
  // Every shape, as large as it must be.
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 60; ++j) {
      const GaussianBeam shape{1, 0.3 + 0.7 * (i + 1) / 40.0, kPi * (j / 60.0 - 0.5)};
      double scale = 0;
      for (const GaussianBeam& beam : beams) {
        // The largest eigenvalue, in closed form, of the beam seen with the shape as unit circle.
        const double d = beam.pa_rad - shape.pa_rad;
        const double p = std::hypot(beam.major_rad * std::cos(d), beam.minor_rad * std::sin(d));
        const double q = std::hypot(beam.major_rad * std::sin(d), beam.minor_rad * std::cos(d)) /
                         shape.minor_rad;
        const double r = (beam.major_rad * beam.major_rad - beam.minor_rad * beam.minor_rad) *
                         std::sin(d) * std::cos(d) / shape.minor_rad;
        const double mean = 0.5 * (p * p + q * q);
        scale = std::max(scale, std::sqrt(mean + std::hypot(0.5 * (p * p - q * q), r)));
      }
      least = std::min(least, scale * scale * shape.minor_rad);
    }
  }
  const double area = found.major_rad * found.minor_rad;
  CHECK(area <= least * (1 + 1e-9));
  CHECK(area >= least * 0.985);  // the grid of shapes is coarse
}

TEST_CASE("a bad plane does not set the common beam", "[kernels][beam]") {
  std::vector<GaussianBeam> beams;
  for (int k = 0; k < 40; ++k) {
    const double ghz = 100 + 0.1 * k;
    beams.push_back({1e-4 / ghz, 0.7e-4 / ghz, 0.2});
  }
  const CommonBeam clean = common_beam(beams);
  CHECK(clean.left_out.empty());
  check_beam(clean.beam, 1e-6, 0.7e-6, 0.2);
  SECTION("one far larger beam, a blank plane, and one that is no number") {
    beams[7] = {5e-6, 4e-6, 0};
    beams[20] = {0, 0, 0};
    beams[33].major_rad = std::numeric_limits<double>::quiet_NaN();
    const CommonBeam found = common_beam(beams);
    CHECK(found.left_out == std::vector<std::size_t>{7, 20, 33});
    CHECK(found.beam.major_rad == clean.beam.major_rad);
  }
  SECTION("a seventh larger is taken to be real, a long thin one not") {
    beams[7].major_rad *= 1.15;
    CHECK(common_beam(beams).left_out.empty());
    CHECK(common_beam(beams).beam.major_rad == Approx(beams[7].major_rad).epsilon(1e-3));
    beams[7] = {3e-6, 0.2e-6, 0.2};
    CHECK(common_beam(beams).left_out == std::vector<std::size_t>{7});
  }
  SECTION("an octave of frequencies is no outlier") {
    beams.clear();
    for (int k = 0; k < 100; ++k) {
      const double ghz = 1 + 0.01 * k;
      beams.push_back({1e-4 / ghz, 0.7e-4 / ghz, 0});
    }
    CHECK(common_beam(beams).left_out.empty());
  }
  SECTION("of two beams both count") {
    CHECK(common_beam({{1, 1, 0}, {9, 9, 0}}).beam.major_rad == Approx(9));
  }
  CHECK_THROWS_WITH(common_beam({{0, 0, 0}}), Catch::Contains("none of 1"));
  CHECK_THROWS_AS(enclosing_beam({}), std::invalid_argument);
}
