// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/hogbom.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

namespace {

/// imaging.md 3.1 written out.
std::vector<CleanComponent> plain_hogbom(Image& r, const Image& psf, const Image& mask, float gain,
                                         float threshold, std::size_t limit) {
  std::vector<CleanComponent> components;
  const long nx = static_cast<long>(r.nx);
  const long ny = static_cast<long>(r.ny);
  while (components.size() < limit) {
    float best = -1;
    long px = 0;
    long py = 0;
    for (long y = 0; y < ny; ++y) {
      for (long x = 0; x < nx; ++x) {
        const auto at = static_cast<std::size_t>(y * nx + x);
        if (mask.pixels[at] > 0.5F && std::abs(r.pixels[at]) > best) {
          best = std::abs(r.pixels[at]);
          px = x;
          py = y;
        }
      }
    }
    if (best < threshold) {
      break;
    }
    const float flux = gain * r.pixels[static_cast<std::size_t>(py * nx + px)];
    components.push_back({static_cast<std::size_t>(px), static_cast<std::size_t>(py), flux});
    for (long y = std::max(0L, py - ny / 2); y <= std::min(ny - 1, py + ny / 2 - 1); ++y) {
      for (long x = std::max(0L, px - nx / 2); x <= std::min(nx - 1, px + nx / 2 - 1); ++x) {
        const long from = (y - py + ny / 2) * nx + x - px + nx / 2;
        r.pixels[static_cast<std::size_t>(y * nx + x)] -=
            flux * psf.pixels[static_cast<std::size_t>(from)];
      }
    }
  }
  return components;
}

void fill_random(Image& image, unsigned seed, float scale) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, scale);
  for (float& p : image.pixels) {
    p = noise(random);
  }
}

}  // namespace

TEST_CASE("components are those of the recipe written out", "[kernels][hogbom]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{40, 32}, {33, 27}, {16, 16}}));
  const bool masked = GENERATE(false, true);
  Image dirty(nx, ny);
  Image psf(nx, ny);
  Image mask(nx, ny);
  fill_random(dirty, 1, 1.0F);
  fill_random(psf, 2, 0.03F);
  psf(ny / 2, nx / 2) = 1;
  for (std::size_t k = 0; k < mask.pixels.size(); ++k) {
    mask.pixels[k] = !masked || (k * 7) % 11 < 3 ? 1.0F : 0.5F;
  }
  Image reference = dirty;
  const auto expected = plain_hogbom(reference, psf, mask, 0.15F, 0.4F, 300);
  REQUIRE(expected.size() > 20);

  Image model(nx, ny);
  HogbomOptions options{0.15F, 0.4F, 300, true};
  const auto result = hogbom(dirty.view(), std::as_const(psf).view(), model.view(),
                             masked ? std::as_const(mask).view() : View<const float, 2>{}, options);
  REQUIRE(result.components.size() == expected.size());
  CHECK(result.iterations == expected.size());
  std::vector<float> flux(nx * ny);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    INFO("component " << k);
    REQUIRE(result.components[k].x == expected[k].x);
    REQUIRE(result.components[k].y == expected[k].y);
    REQUIRE(result.components[k].flux == expected[k].flux);
    flux[expected[k].y * nx + expected[k].x] += expected[k].flux;
  }
  CHECK(dirty.pixels == reference.pixels);
  CHECK(model.pixels == flux);
}

TEST_CASE("the pixels of a mask alone give the same bits", "[kernels][hogbom]") {
  const auto [nx, ny] =
      GENERATE(table<std::size_t, std::size_t>({{64, 48}, {63, 47}, {200, 16}, {17, 90}}));
  const int kind = GENERATE(0, 1, 2);
  Image dirty(nx, ny);
  Image psf(nx, ny);
  fill_random(dirty, 5, 1.0F);
  fill_random(psf, 6, 0.02F);
  psf(ny / 2, nx / 2) = 1;
  Image mask(nx, ny);
  for (std::size_t y = 0; y < ny; ++y) {
    for (std::size_t x = 0; x < nx; ++x) {
      const bool blob = (x > 3 && x < 9 && y > 2 && y < 7) || (x >= nx - 3 && y >= ny - 5);
      const bool scattered = (x * 7 + y * 13) % 41 == 0;
      mask(y, x) = (kind == 0 && blob) || (kind == 1 && scattered) ||
                           (kind == 2 && y > 0 && (blob || x > nx / 2))
                       ? 1.0F
                       : 0.0F;
    }
  }
  dirty(4, 4) = std::numeric_limits<float>::quiet_NaN();
  HogbomOptions options{0.2F, 0.3F, 400, true};
  Image whole = dirty;
  Image whole_model(nx, ny);
  const auto expected = hogbom(whole.view(), std::as_const(psf).view(), whole_model.view(),
                               std::as_const(mask).view(), options);
  REQUIRE(expected.iterations > 10);
  options.in_mask_only = true;
  Image packed = dirty;
  Image model(nx, ny);
  const auto result = hogbom(packed.view(), std::as_const(psf).view(), model.view(),
                             std::as_const(mask).view(), options);
  CHECK(result.stop == expected.stop);
  CHECK(result.start_peak == expected.start_peak);
  CHECK(result.peak == expected.peak);
  REQUIRE(result.components.size() == expected.components.size());
  for (std::size_t k = 0; k < expected.components.size(); ++k) {
    REQUIRE(result.components[k].x == expected.components[k].x);
    REQUIRE(result.components[k].y == expected.components[k].y);
    REQUIRE(result.components[k].flux == expected.components[k].flux);
  }
  CHECK(model.pixels == whole_model.pixels);
  for (std::size_t k = 0; k < mask.pixels.size(); ++k) {
    const bool same = packed.pixels[k] == whole.pixels[k] || std::isnan(whole.pixels[k]);
    const bool untouched = packed.pixels[k] == dirty.pixels[k];
    REQUIRE((mask.pixels[k] > 0.5F ? same : same || untouched));
  }
  const Image nothing(nx, ny);
  CHECK(hogbom(packed.view(), std::as_const(psf).view(), model.view(), nothing.view(), options)
            .stop == HogbomStop::kEmptyMask);
}

TEST_CASE("reasons to stop", "[kernels][hogbom]") {
  Image psf(16, 16);
  psf(8, 8) = 1;
  Image residual(16, 16);
  Image model(16, 16);
  residual(3, 5) = -2;
  residual(9, 4) = 1;
  const auto p = std::as_const(psf).view();

  SECTION("the limit, exactly, and the first of equals") {
    residual(9, 4) = 2;
    const auto r = hogbom(residual.view(), p, model.view(), {}, {0.5F, 0, 1, true});
    CHECK(r.stop == HogbomStop::kIterations);
    CHECK(r.iterations == 1);
    CHECK(r.start_peak == 2.0F);
    CHECK(r.peak == 2.0F);
    CHECK(model(3, 5) == -1.0F);
    CHECK(r.components[0].x == 5);
    CHECK(r.components[0].y == 3);
  }
  SECTION("a peak at the threshold is still cleaned, below it not") {
    const auto r = hogbom(residual.view(), p, model.view(), {}, {1.0F, 1.0F, 100, false});
    CHECK(r.stop == HogbomStop::kThreshold);
    CHECK(r.iterations == 2);
    CHECK(r.peak == 0.0F);
  }
  SECTION("no iterations asked for") {
    const auto r = hogbom(residual.view(), p, model.view(), {}, {1.0F, 0, 0, false});
    CHECK(r.stop == HogbomStop::kIterations);
    CHECK(r.peak == 2.0F);
  }
  SECTION("an empty mask") {
    const Image mask(16, 16);
    const auto r = hogbom(residual.view(), p, model.view(), mask.view(), {1.0F, 0, 10, false});
    CHECK(r.stop == HogbomStop::kEmptyMask);
    CHECK(r.iterations == 0);
  }
  SECTION("pixels that are no numbers are passed over") {
    residual(0, 0) = std::numeric_limits<float>::quiet_NaN();
    const auto r = hogbom(residual.view(), p, model.view(), {}, {1.0F, 0.5F, 10, false});
    CHECK(r.stop == HogbomStop::kThreshold);
    CHECK(r.iterations == 2);
  }
  SECTION("an infinite residual") {
    residual(0, 0) = std::numeric_limits<float>::infinity();
    const auto r = hogbom(residual.view(), p, model.view(), {}, {1.0F, 0.5F, 10, false});
    CHECK(r.stop == HogbomStop::kDiverged);
    CHECK(r.iterations == 0);
  }
}

TEST_CASE("hogbom refuses wrong planes and options", "[kernels][hogbom]") {
  Image residual(16, 16);
  Image model(16, 16);
  const Image small(8, 16);
  const Image psf(16, 16);
  CHECK_THROWS_WITH(hogbom(residual.view(), small.view(), model.view(), {}, {}),
                    Catch::Contains("psf") && Catch::Contains("[16][8]"));
  CHECK_THROWS_WITH(hogbom(residual.view(), psf.view(), model.view(), small.view(), {}),
                    Catch::Contains("mask"));
  CHECK_THROWS_WITH(hogbom(residual.view(), psf.view(), model.view(), {}, {0, 0, 1, false}),
                    Catch::Contains("gain"));
  CHECK_THROWS_WITH(hogbom(residual.view(), psf.view(), model.view(), {}, {0.1F, -1, 1, false}),
                    Catch::Contains("threshold"));
}

TEST_CASE("a peak that grows past its limit stops the cycle") {
  std::vector<float> residual(16 * 16, 0.0F), psf(16 * 16, 0.0F), model(16 * 16, 0.0F);
  residual[5 * 16 + 5] = 1;
  psf[8 * 16 + 8] = 1;
  psf[8 * 16 + 9] = -1.3F;  // every subtraction makes the next pixel a third higher
  HogbomOptions options;
  options.gain = 1;
  options.max_iterations = 1000;
  options.growth_limit = 1.5F;
  const auto r =
      hogbom(View<float, 2>(residual.data(), {16, 16}), View<const float, 2>(psf.data(), {16, 16}),
             View<float, 2>(model.data(), {16, 16}), View<const float, 2>(), options);
  CHECK(r.stop == HogbomStop::kDiverged);
  CHECK(r.iterations == 2);  // 1.3, 1.69
}
