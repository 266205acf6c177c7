// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/beam_fit.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

namespace {

constexpr double kDegree = std::numbers::pi / 180;

/// A Gaussian written in pixels: a ridge towards north-east runs up and to the LEFT.
void fill_gaussian(Image& image, double major, double minor, double pa, double cell_x,
                   double cell_y) {
  for (std::size_t y = 0; y < image.ny; ++y) {
    for (std::size_t x = 0; x < image.nx; ++x) {
      const double east = (static_cast<double>(x) - static_cast<double>(image.nx / 2)) * cell_x;
      const double north = (static_cast<double>(y) - static_cast<double>(image.ny / 2)) * cell_y;
      const double along = east * std::sin(pa) + north * std::cos(pa);
      const double across = east * std::cos(pa) - north * std::sin(pa);
      image(y, x) = static_cast<float>(
          std::exp(-4 * std::numbers::ln2 *
                   (along * along / (major * major) + across * across / (minor * minor))));
    }
  }
}

}  // namespace

TEST_CASE("an elliptical Gaussian is found again", "[kernels][beam]") {
  const double pa = GENERATE(-89.0, -60.0, -30.0, 0.0, 10.0, 45.0, 77.0, 90.0) * kDegree;
  const auto [major, minor] = GENERATE(
      table<double, double>({{5.0, 3.0}, {9.0, 6.0}, {3.2, 2.6}, {14.0, 4.0}, {25.0, 12.0}}));
  const double cell = 2e-6;
  Image psf(128, 100);
  fill_gaussian(psf, major * cell, minor * cell, pa, -cell, cell);
  const auto beam = fit_beam(std::as_const(psf).view(), -cell, cell);
  INFO("major " << major << " minor " << minor << " pa " << pa / kDegree);
  REQUIRE(beam.has_value());
  CHECK(beam->major_rad / cell == Approx(major).epsilon(0.005));
  CHECK(beam->minor_rad / cell == Approx(minor).epsilon(0.005));
  CHECK(std::abs(std::remainder(beam->pa_rad - pa, std::numbers::pi)) < 0.5 * kDegree);
  CHECK(std::abs(beam->pa_rad) <= std::numbers::pi / 2 + 1e-12);
}

TEST_CASE("cells need not be square", "[kernels][beam]") {
  Image psf(96, 96);
  const double cell = 2e-6;
  fill_gaussian(psf, 12 * cell, 7 * cell, 0.6, -cell, 1.4 * cell);
  const auto beam = fit_beam(std::as_const(psf).view(), -cell, 1.4 * cell);
  REQUIRE(beam.has_value());
  CHECK(beam->major_rad / cell == Approx(12).epsilon(0.005));
  CHECK(beam->minor_rad / cell == Approx(7).epsilon(0.005));
  CHECK(beam->pa_rad == Approx(0.6).epsilon(0).margin(0.5 * kDegree));
}

TEST_CASE("a position angle counts from north through east", "[kernels][beam]") {
  const GaussianBeam beam{4e-5, 1e-5, 45 * kDegree};
  CHECK(beam(1e-5, 1e-5) > 0.5);   // north-east
  CHECK(beam(-1e-5, 1e-5) < 0.1);  // north-west
  // North-east on the sky is up and to the left of the image.
  Image psf(64, 64);
  for (int k = -3; k <= 3; ++k) {
    for (int wide = -1; wide <= 1; ++wide) {
      psf(static_cast<std::size_t>(32 + k), static_cast<std::size_t>(32 - k + wide)) =
          0.9F - 0.1F * static_cast<float>(std::abs(k) + std::abs(wide));
    }
  }
  psf(32, 32) = 1;
  const auto fitted = fit_beam(std::as_const(psf).view(), -1e-6, 1e-6);
  REQUIRE(fitted.has_value());
  CHECK(fitted->pa_rad > 20 * kDegree);
  CHECK(fitted->pa_rad < 70 * kDegree);
}

TEST_CASE("a circular beam has equal axes", "[kernels][beam]") {
  Image psf(64, 64);
  fill_gaussian(psf, 5e-6, 5e-6, 0, -1e-6, 1e-6);
  const auto beam = fit_beam(std::as_const(psf).view(), -1e-6, 1e-6);
  REQUIRE(beam.has_value());
  CHECK(beam->major_rad == Approx(5e-6).epsilon(0.005));
  CHECK(beam->minor_rad == Approx(5e-6).epsilon(0.005));
  CHECK(beam->solid_angle_sr() == Approx(1.1330900354567985 * 25e-12).epsilon(0.01));
}

TEST_CASE("a blank plane and a peak off centre have no beam", "[kernels][beam]") {
  Image blank(32, 32);
  CHECK_FALSE(fit_beam(std::as_const(blank).view(), -1e-6, 1e-6).has_value());
  Image edge(64, 64);
  edge(60, 3) = 1;
  CHECK_FALSE(fit_beam(std::as_const(edge).view(), -1e-6, 1e-6).has_value());
  CHECK_THROWS_AS(fit_beam(std::as_const(blank).view(), 1e-6, 1e-6), std::invalid_argument);
  CHECK_THROWS_AS(fit_beam(std::as_const(blank).view(), -1e-6, 1e-6, 0.0), std::invalid_argument);
}

TEST_CASE("sidelobe level is the worse of hollow and bump", "[kernels][beam]") {
  const double cell = 1e-6;
  const GaussianBeam beam{5e-6, 4e-6, 0.3};
  Image psf(64, 64);
  fill_gaussian(psf, beam.major_rad, beam.minor_rad, beam.pa_rad, -cell, cell);
  CHECK(sidelobe_level(std::as_const(psf).view(), beam, -cell, cell) < 1e-6);
  psf(10, 20) = 0.23F;
  CHECK(sidelobe_level(std::as_const(psf).view(), beam, -cell, cell) == Approx(0.23));
  psf(50, 20) = -0.31F;
  CHECK(sidelobe_level(std::as_const(psf).view(), beam, -cell, cell) == Approx(0.31));
  psf(32, 33) += 0.4F;  // on the shoulder of the lobe: counts above the Gaussian only
  CHECK(sidelobe_level(std::as_const(psf).view(), beam, -cell, cell) == Approx(0.4));
}
