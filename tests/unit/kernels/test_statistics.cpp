// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/statistics.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

TEST_CASE("statistics of a plane worked out by hand", "[kernels][statistics]") {
  Image image(3, 2);
  image.pixels = {1, -5, 3, 2, 2, std::numeric_limits<float>::quiet_NaN()};
  const auto s = plane_statistics(std::as_const(image).view());
  CHECK(s.count == 5);
  CHECK(s.min == -5);
  CHECK(s.min_x == 1);
  CHECK(s.min_y == 0);
  CHECK(s.max == 3);
  CHECK(s.max_x == 2);
  CHECK(s.max_abs == 5);
  CHECK(s.sum == 3);
  CHECK(s.mean == Approx(0.6));
  CHECK(s.rms == Approx(std::sqrt(43.0 / 5)));
  CHECK(median(std::as_const(image).view()) == 2);
  // |x - 2| = 1 7 1 0 0, of median 1.
  CHECK(mad_rms(std::as_const(image).view()) == Approx(1.4826));
}

TEST_CASE("a mask, an even count, nothing at all", "[kernels][statistics]") {
  Image image(4, 1);
  image.pixels = {4, 1, 100, 2};
  Image mask(4, 1);
  mask.pixels = {1, 1, 0.5F, 1};
  CHECK(median(std::as_const(image).view()) == 3);
  CHECK(median(std::as_const(image).view(), std::as_const(mask).view()) == 2);
  CHECK(plane_statistics(std::as_const(image).view(), std::as_const(mask).view()).max == 4);
  mask.pixels = {0, 0, 0, 0};
  CHECK(median(std::as_const(image).view(), std::as_const(mask).view()) == 0);
  CHECK(plane_statistics(std::as_const(image).view(), std::as_const(mask).view()).count == 0);
  const Image other(2, 2);
  CHECK_THROWS_WITH(median(std::as_const(image).view(), other.view()), Catch::Contains("mask"));
}

TEST_CASE("the deviation of Gaussian noise with outliers", "[kernels][statistics]") {
  Image image(200, 200);
  std::mt19937 random(8);
  std::normal_distribution<float> noise(0.5F, 2.0F);
  for (float& p : image.pixels) {
    p = noise(random);
  }
  for (std::size_t k = 0; k < 100; ++k) {
    image.pixels[k * 300] = 1e4F;
  }
  CHECK(mad_rms(std::as_const(image).view()) == Approx(2.0).epsilon(0.02));
  CHECK(median(std::as_const(image).view()) == Approx(0.5).margin(0.05));
}
