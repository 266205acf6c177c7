// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/multiscale.h>
#include <stages/kernels/spheroidal.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "convolved_sky.h"

using namespace skymill::kernels;
using oracle::Image;

TEST_CASE("scale kernels have unit sum and the spheroidal's shape", "[kernels][multiscale]") {
  std::size_t side = 0;
  const auto point = scale_kernel(0, side);
  CHECK(side == 1);
  CHECK(point[0] == 1.0F);
  const auto kernel = scale_kernel(7.5, side);
  REQUIRE(side == 17);
  CHECK(std::accumulate(kernel.begin(), kernel.end(), 0.0) == Approx(1.0).epsilon(1e-6));
  const double rho = 5 / 7.5;
  const auto centre = static_cast<double>(kernel[8 * 17 + 8]);
  CHECK(static_cast<double>(kernel[(8 + 3) * 17 + 8 + 4]) ==
        Approx(centre * (1 - rho * rho) * spheroidal(rho) / spheroidal(0)).epsilon(1e-5));
  CHECK(kernel[8 * 17] == 0.0F);  // 8 pixels away
}

TEST_CASE("multiscale recovers point and extended sources", "[kernels][multiscale]") {
  const std::size_t n = 128;
  const bool masked = GENERATE(false, true);
  const Image psf = oracle::psf_of_baselines(n, n, 5, 300);
  Image sky = oracle::gaussian(n, n, 70, 80, 16);
  double extended = std::accumulate(sky.pixels.begin(), sky.pixels.end(), 0.0);
  for (float& p : sky.pixels) {
    p *= static_cast<float>(8 / extended);
  }
  extended = 8;
  sky(40, 34) += 1;
  Image residual = oracle::convolved(sky, psf);
  const Image dirty = residual;
  Image model(n, n);
  Image mask(n, n);
  for (std::size_t y = 30; y < 100; ++y) {
    for (std::size_t x = 24; x < 110; ++x) {
      mask(y, x) = 1;
    }
  }
  Multiscale multiscale(psf.view(), {15, 0, 5});
  CHECK(multiscale.scales() == std::vector<double>{0, 5, 15});
  MultiscaleOptions options{0.2F, 2e-3F, 4000, 0.0};
  const auto result =
      multiscale.clean(residual.view(), model.view(),
                       masked ? std::as_const(mask).view() : View<const float, 2>{}, options);
  CHECK(result.stop == HogbomStop::kThreshold);
  CHECK(oracle::flux_around(model, 40, 34, 5) == Approx(1.0).epsilon(0.01));
  CHECK(oracle::flux_around(model, 70, 80, 25) == Approx(extended).epsilon(0.03));
  CHECK(result.components[0] > 10);
  CHECK(result.components[1] + result.components[2] > 10);
  CHECK(result.components[0] + result.components[1] + result.components[2] == result.iterations);
  const Image left = oracle::convolved(model, psf);
  for (std::size_t k = 0; k < left.pixels.size(); ++k) {
    REQUIRE(residual.pixels[k] == Approx(dirty.pixels[k] - left.pixels[k]).epsilon(0).margin(2e-5));
  }
}

TEST_CASE("the flux of a Gaussian in closed form", "[kernels][multiscale]") {
  const std::size_t n = 160;
  const double beam = 6;
  const double width = 22;
  const double flux = 3;
  const double total = std::hypot(beam, width);
  const Image psf = oracle::gaussian(n, n, 80, 80, beam);
  Image residual = oracle::gaussian(n, n, 75, 90, total, flux * beam * beam / (total * total));
  Image model(n, n);
  const double bias = GENERATE(0.0, 0.6, -0.4);
  Multiscale multiscale(psf.view(), {0, 6, 18});
  const auto result =
      multiscale.clean(residual.view(), model.view(), {}, {0.1F, 1e-3F, 20000, bias});
  CHECK(result.stop == HogbomStop::kThreshold);
  CHECK(oracle::flux_around(model, 75, 90, 40) == Approx(flux).epsilon(0.03));
  CHECK(result.peak < 0.02F * result.start_peak);
}

TEST_CASE("a small-scale bias moves components to small scales", "[kernels][multiscale]") {
  const std::size_t n = 96;
  const Image psf = oracle::gaussian(n, n, 48, 48, 5);
  const Image source = oracle::gaussian(n, n, 48, 48, 14);
  std::size_t largest[2]{};
  for (const int k : {0, 1}) {
    Image residual = source;
    Image model(n, n);
    Multiscale multiscale(psf.view(), {0, 12});
    const auto result =
        multiscale.clean(residual.view(), model.view(), {}, {0.1F, 0, 40, k == 0 ? 0.0 : 0.95});
    CHECK(result.iterations == 40);
    CHECK(result.stop == HogbomStop::kIterations);
    largest[k] = result.components[1];
  }
  CHECK(largest[0] > largest[1]);
}

TEST_CASE("with one scale of 0 multiscale is hogbom but for the edge", "[kernels][multiscale]") {
  const std::size_t n = 64;
  const Image psf = oracle::psf_of_baselines(n, n, 4, 300);
  Image sky(n, n);
  sky(20, 20) = 1;
  sky(41, 30) = 0.6F;
  Image residual = oracle::convolved(sky, psf);
  Image plain = residual;
  Image model(n, n);
  Image plain_model(n, n);
  const auto expected =
      hogbom(plain.view(), psf.view(), plain_model.view(), {}, {0.1F, 0.02F, 500});
  const auto result =
      Multiscale(psf.view(), {}).clean(residual.view(), model.view(), {}, {0.1F, 0.02F, 500, 0});
  CHECK(result.iterations == expected.iterations);
  for (std::size_t k = 0; k < n * n; ++k) {
    REQUIRE(model.pixels[k] == Approx(plain_model.pixels[k]).epsilon(0).margin(1e-6));
    REQUIRE(residual.pixels[k] == Approx(plain.pixels[k]).epsilon(0).margin(1e-5));
  }
}

TEST_CASE("multiscale stops and refuses", "[kernels][multiscale]") {
  const std::size_t n = 48;
  const Image psf = oracle::gaussian(n, n, 24, 24, 4);
  Image residual(n, n);
  residual(10, 10) = 1;
  Image model(n, n);
  Image mask(n, n);
  CHECK(Multiscale(psf.view(), {0, 4})
            .clean(residual.view(), model.view(), mask.view(), {0.1F, 0, 10, 0})
            .stop == HogbomStop::kEmptyMask);
  residual(12, 12) = std::numeric_limits<float>::infinity();
  CHECK(
      Multiscale(psf.view(), {0}).clean(residual.view(), model.view(), {}, {0.1F, 0, 10, 0}).stop ==
      HogbomStop::kDiverged);
  CHECK_THROWS_WITH(Multiscale(psf.view(), {0, 13}), Catch::Contains("13"));
  CHECK_THROWS_AS(Multiscale(psf.view(), {-1}), std::invalid_argument);
  const Image blank(n, n);
  CHECK_THROWS_WITH(Multiscale(blank.view(), {0}), Catch::Contains("peak"));
}
