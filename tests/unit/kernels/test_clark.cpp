// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/clark.h>
#include <stages/kernels/clean_control.h>
#include <stages/kernels/plane_convolver.h>
#include <stages/kernels/statistics.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <utility>

#include "convolved_sky.h"

using namespace skymill::kernels;
using oracle::Image;

TEST_CASE("padded transforms convolve as the sum written out", "[kernels][convolver]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{32, 24}, {25, 33}, {16, 16}}));
  Image sky(nx, ny);
  Image psf(nx, ny);
  std::mt19937 random(9);
  std::normal_distribution<float> any(0, 1);
  for (float& p : psf.pixels) {
    p = any(random);
  }
  sky(0, 0) = 1;
  sky(ny - 1, 3) = -2;
  sky(ny / 2, nx - 1) = 0.5F;
  const Image expected = oracle::convolved(sky, psf);
  PlaneConvolver convolver(ny, nx);
  auto product = PlaneConvolver::multiply(convolver.of_plane(sky.view()),
                                          convolver.of_kernel(std::as_const(psf).view()));
  Image result(nx, ny);
  convolver.to_plane(product, result.view());
  for (std::size_t k = 0; k < result.pixels.size(); ++k) {
    REQUIRE(result.pixels[k] == Approx(expected.pixels[k]).epsilon(0).margin(1e-5));
  }
}

TEST_CASE("clark recovers point sources", "[kernels][clark]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{128, 128}, {101, 140}}));
  const bool masked = GENERATE(false, true);
  const Image psf = oracle::psf_of_baselines(nx, ny, 5, 300);
  Image sky(nx, ny);
  sky(40, 30) = 1;
  sky(60, 80) = 0.3F;
  sky(70, 45) = -0.2F;
  Image residual = oracle::convolved(sky, psf);
  Image mask(nx, ny);
  for (std::size_t y = 35; y < 76; ++y) {
    for (std::size_t x = 25; x < 86; ++x) {
      mask(y, x) = 1;
    }
  }
  const Image dirty = residual;
  Image model(nx, ny);
  // Cycles as an imager does them: none goes deeper than the PSF's sidelobes.
  const GaussianBeam beam{5, 5, 0};
  CycleParameters control;
  control.threshold = 1e-4;
  const double sidelobe = sidelobe_level(psf.view(), beam, -1, 1);
  REQUIRE(sidelobe > 0.05);
  REQUIRE(sidelobe < 0.5);
  auto peak = static_cast<float>(plane_statistics(std::as_const(residual).view()).max_abs);
  std::size_t iterations = 0;
  ClarkResult last;
  for (int cycle = 0; cycle < 40 && peak > 1.01e-4F; ++cycle) {
    const auto depth =
        static_cast<float>(cyclethreshold(control, sidelobe, static_cast<double>(peak)));
    last = clark(residual.view(), psf.view(), model.view(),
                 masked ? std::as_const(mask).view() : View<const float, 2>{},
                 {0.1F, depth, 2000, 5, 5});
    REQUIRE(last.peak < peak);
    iterations += last.iterations;
    peak = last.peak;
  }
  CHECK(peak < 1.01e-4F);
  CHECK(iterations > 100);
  CHECK(oracle::flux_around(model, 40, 30, 2) == Approx(1.0).epsilon(0.01));
  CHECK(oracle::flux_around(model, 60, 80, 2) == Approx(0.3).epsilon(0.01));
  CHECK(oracle::flux_around(model, 70, 45, 2) == Approx(-0.2).epsilon(0.01));
  // The residual inside the mask is the dirty image without the model, as the sum has it.
  const Image left = oracle::convolved(model, psf);
  for (std::size_t k = 0; k < left.pixels.size(); ++k) {
    if (!masked || mask.pixels[k] > 0.5F) {
      REQUIRE(residual.pixels[k] ==
              Approx(dirty.pixels[k] - left.pixels[k]).epsilon(0).margin(2e-5));
    } else {
      REQUIRE(residual.pixels[k] == dirty.pixels[k]);
      REQUIRE(model.pixels[k] == 0);
    }
  }
}

TEST_CASE("clark recovers the flux of an extended source", "[kernels][clark]") {
  const std::size_t n = 128;
  const double beam = 6;
  const double width = 14;
  const double flux = 5;
  // Closed form: Gaussians convolve to a Gaussian, whose widths add in squares.
  const double total = std::hypot(beam, width);
  const Image psf = oracle::gaussian(n, n, 64, 64, beam);
  Image residual = oracle::gaussian(n, n, 60, 70, total, flux * beam * beam / (total * total));
  Image model(n, n);
  ClarkOptions options{0.1F, 2e-3F, 20000, beam, beam};
  ClarkResult result;
  for (int call = 0; call < 20; ++call) {
    result = clark(residual.view(), psf.view(), model.view(), {}, options);
    if (result.stop != HogbomStop::kIterations) {
      break;
    }
  }
  CHECK(result.stop == HogbomStop::kThreshold);
  CHECK(oracle::flux_around(model, 60, 70, 25) == Approx(flux).epsilon(0.03));
}

TEST_CASE("clark stops where hogbom does", "[kernels][clark]") {
  Image psf(32, 32);
  psf(16, 16) = 1;
  Image residual(32, 32);
  residual(3, 5) = -2;
  Image model(32, 32);
  const Image nothing(32, 32);
  const auto p = std::as_const(psf).view();
  CHECK(clark(residual.view(), p, model.view(), nothing.view(), {0.1F, 0, 10, 3, 3}).stop ==
        HogbomStop::kEmptyMask);
  CHECK(clark(residual.view(), p, model.view(), {}, {0.1F, 3, 10, 3, 3}).stop ==
        HogbomStop::kThreshold);
  const auto some = clark(residual.view(), p, model.view(), {}, {0.5F, 0, 3, 3, 3});
  CHECK(some.stop == HogbomStop::kIterations);
  CHECK(some.iterations == 3);
  CHECK(some.peak == 0.25F);
  CHECK(model(3, 5) == -1.75F);
  SECTION("a PSF that makes things worse") {
    Image bad(32, 32);
    bad(16, 16) = 1;
    bad(16, 2) = -3;
    bad(2, 16) = 3;
    Image sky(32, 32);
    sky(16, 16) = 1;
    Image out(32, 32);
    const auto r =
        clark(sky.view(), std::as_const(bad).view(), out.view(), {}, {0.5F, 0, 1000, 3, 3});
    CHECK(r.stop == HogbomStop::kDiverged);
    CHECK(r.iterations <= 40);
  }
  const Image small(32, 16);
  CHECK_THROWS_WITH(clark(residual.view(), small.view(), model.view(), {}, {}),
                    Catch::Contains("clark") && Catch::Contains("psf"));
}
