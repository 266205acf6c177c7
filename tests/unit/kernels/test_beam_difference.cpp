// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/beam_difference.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <utility>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

TEST_CASE("a beam and its difference make the target", "[kernels][beam]") {
  const GaussianBeam round{5, 5, 0};
  const auto d = beam_difference(round, {3, 3, 1});
  REQUIRE(d);
  CHECK(d->major_rad == Approx(4));
  CHECK(d->minor_rad == Approx(4));
  // Along one line squares of widths add up.
  const auto along = beam_difference({13, 5, 0.4}, {5, 3, 0.4});
  REQUIRE(along);
  CHECK(along->major_rad == Approx(12));
  CHECK(along->minor_rad == Approx(4));
  CHECK(along->pa_rad == Approx(0.4));
  CHECK(beam_difference(round, round)->major_rad == Approx(0).margin(1e-6));
  CHECK_FALSE(beam_difference(round, {5.01, 1, 0}));
  CHECK_FALSE(beam_difference({6, 3, 0}, {5, 2.9, 1.5}));
}

TEST_CASE("a plane convolved to a beam has points of the same height", "[kernels][beam]") {
  const double cell = 1e-5;
  const GaussianBeam beam{6 * cell, 4 * cell, 0.5};
  const GaussianBeam target{9 * cell, 8 * cell, -0.3};
  const auto height = [&](const GaussianBeam& of, std::size_t y, std::size_t x) {
    return 2 * of((static_cast<double>(x) - 30) * -cell, (static_cast<double>(y) - 25) * cell);
  };
  Image plane(64, 60);
  for (std::size_t y = 0; y < 60; ++y) {
    for (std::size_t x = 0; x < 64; ++x) plane(y, x) = static_cast<float>(height(beam, y, x));
  }
  Image out(64, 60);
  REQUIRE(convolve_to_beam(std::as_const(plane).view(), beam, target, -cell, cell, out.view()));
  double worst = 0;
  for (std::size_t y = 0; y < 60; ++y) {
    for (std::size_t x = 0; x < 64; ++x) {
      worst = std::max(worst, std::abs(out(y, x) - height(target, y, x)));
    }
  }
  CHECK(worst < 2e-5);
  // What is less than a pixel's diagonal, or sticks out, is left alone.
  out(3, 3) = 77;
  CHECK_FALSE(convolve_to_beam(std::as_const(plane).view(), {8.95 * cell, 7.95 * cell, -0.3},
                               target, -cell, cell, out.view()));
  CHECK_FALSE(convolve_to_beam(std::as_const(plane).view(), target, beam, -cell, cell, out.view()));
  CHECK(out(3, 3) == 77);
}
