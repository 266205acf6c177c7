// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/restore.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

namespace {

constexpr double kCell = 1e-6;

/// Gaussian sum over all model pixels, written out.
Image direct(const Image& residual, const Image& model, const GaussianBeam& beam) {
  Image image = residual;
  for (std::size_t y = 0; y < image.ny; ++y) {
    for (std::size_t x = 0; x < image.nx; ++x) {
      double sum = 0;
      for (std::size_t cy = 0; cy < image.ny; ++cy) {
        for (std::size_t cx = 0; cx < image.nx; ++cx) {
          if (model(cy, cx) != 0) {
            sum += static_cast<double>(model(cy, cx)) *
                   beam((static_cast<double>(x) - static_cast<double>(cx)) * -kCell,
                        (static_cast<double>(y) - static_cast<double>(cy)) * kCell);
          }
        }
      }
      image(y, x) += static_cast<float>(sum);
    }
  }
  return image;
}

double worst(const Image& a, const Image& b) {
  double largest = 0;
  for (std::size_t k = 0; k < a.pixels.size(); ++k) {
    largest = std::max(largest, std::abs(static_cast<double>(a.pixels[k] - b.pixels[k])));
  }
  return largest;
}

}  // namespace

TEST_CASE("restored images agree with the sum written out", "[kernels][restore]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{90, 70}, {310, 33}}));
  const GaussianBeam beam{9e-6, 5e-6, 0.7};
  std::mt19937 random(4);
  std::uniform_real_distribution<float> any(-0.01F, 0.01F);
  Image residual(nx, ny);
  for (float& p : residual.pixels) {
    p = any(random);
  }
  Image model(nx, ny);
  model(0, 0) = 1;  // a corner: nothing may wrap round to the others
  model(ny - 1, nx / 2) = -0.5F;
  model(ny / 2, nx / 3) = 2;
  model(ny / 2 + 1, nx / 3) = 0.3F;
  const Image truth = direct(residual, model, beam);
  for (const auto method :
       {RestoreMethod::kStamps, RestoreMethod::kFft, RestoreMethod::kAutomatic}) {
    Image image(nx, ny);
    restore(std::as_const(residual).view(), std::as_const(model).view(), beam, -kCell, kCell,
            image.view(), method);
    CHECK(worst(image, truth) < 1e-5 * 2);
  }
}

TEST_CASE("a full model gives the same by stamps and by transforms", "[kernels][restore]") {
  Image model(64, 48);
  std::mt19937 random(6);
  std::uniform_real_distribution<float> any(0.0F, 1.0F);
  for (float& p : model.pixels) {
    p = any(random);
  }
  const Image residual(64, 48);
  const GaussianBeam beam{6e-6, 4e-6, -1.2};
  Image stamps(64, 48);
  Image transforms(64, 48);
  restore(residual.view(), std::as_const(model).view(), beam, -kCell, kCell, stamps.view(),
          RestoreMethod::kStamps);
  restore(residual.view(), std::as_const(model).view(), beam, -kCell, kCell, transforms.view(),
          RestoreMethod::kFft);
  const float peak = *std::max_element(stamps.pixels.begin(), stamps.pixels.end());
  CHECK(worst(stamps, transforms) < 1e-5 * static_cast<double>(peak));
}

TEST_CASE("an empty model leaves the residual; planes may coincide", "[kernels][restore]") {
  Image residual(16, 16);
  residual(4, 4) = 0.5F;
  const Image model(16, 16);
  Image image(16, 16);
  restore(std::as_const(residual).view(), model.view(), {3e-6, 3e-6, 0}, -kCell, kCell,
          image.view());
  CHECK(image.pixels == residual.pixels);
  Image one(16, 16);
  one(8, 8) = 1;
  restore(std::as_const(residual).view(), std::as_const(one).view(), {3e-6, 3e-6, 0}, -kCell, kCell,
          residual.view());
  CHECK(residual(8, 8) == Approx(1.0).epsilon(0).margin(1e-6));
  CHECK(residual(4, 4) > 0.5F);
}

TEST_CASE("restore refuses wrong planes and beams", "[kernels][restore]") {
  const Image model(16, 16);
  const Image residual(16, 8);
  Image image(16, 16);
  CHECK_THROWS_WITH(
      restore(residual.view(), model.view(), {3e-6, 3e-6, 0}, -kCell, kCell, image.view()),
      Catch::Contains("residual") && Catch::Contains("[8][16]"));
  CHECK_THROWS_WITH(restore(model.view(), model.view(), {0, 0, 0}, -kCell, kCell, image.view()),
                    Catch::Contains("width"));
}
