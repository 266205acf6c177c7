// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/restore.h>
#include <stages/kernels/sparse_model.h>

#include <catch2/catch.hpp>
#include <random>
#include <utility>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

namespace {

/// A plane with a source or two in noise, and a PSF with sidelobes.
struct Sky {
  Sky() : dirty(40, 36), psf(40, 36) {
    std::mt19937 random(5);
    std::normal_distribution<float> noise(0, 0.02F);
    for (std::size_t y = 0; y < 36; ++y) {
      for (std::size_t x = 0; x < 40; ++x) {
        psf(y, x) = 0.1F * noise(random);
        dirty(y, x) = noise(random);
      }
    }
    psf(18, 20) = 1;
    dirty(10, 11) = 3;
    dirty(30, 35) = -2;
  }
  Image dirty;
  Image psf;
};

}  // namespace

TEST_CASE("a sparse model holds what a plane holds", "[kernels][model]") {
  Image plane(9, 5);
  plane(0, 3) = 0.1F;
  plane(4, 8) = -2;
  SparseModel model = sparse_model(std::as_const(plane).view());
  REQUIRE(model.size() == 2);
  std::vector<CleanComponent> more;
  std::mt19937 random(3);
  for (int k = 0; k < 200; ++k) {
    const float flux = std::ldexp(static_cast<float>(random() % 1000) - 500, -12) / 3;
    more.push_back({random() % 9, random() % 5, flux});
    plane(more.back().y, more.back().x) += flux;
  }
  add_components(more, model);
  Image again(9, 5);
  write_rows(model, 0, again.view());
  CHECK(again.pixels == plane.pixels);
  Image part(9, 2);
  write_rows(model, 3, part.view());
  CHECK(std::equal(part.pixels.begin(), part.pixels.end(), plane.pixels.begin() + 27));
}

TEST_CASE("a clean in a sparse mask has the bits of one on planes", "[kernels][model]") {
  const Sky sky;
  Image mask(40, 36);
  PixelRuns runs;
  const bool everywhere = GENERATE(false, true);
  for (std::size_t y = 0; y < 36; ++y) {
    for (std::size_t x = 0; x < 40; ++x) {
      mask(y, x) = everywhere ? x + y > 3 : (y > 7 && y < 14 && x > 5 && x < 15);
    }
  }
  runs = masked_runs(std::as_const(mask).view(), {36, 40});
  HogbomOptions options;
  options.max_iterations = 60;
  Image dense = sky.dirty;
  Image dense_model(40, 36);
  hogbom(dense.view(), sky.psf.view(), dense_model.view(), std::as_const(mask).view(), options);
  Image sparse = sky.dirty;
  const HogbomResult result = hogbom(sparse.view(), sky.psf.view(), runs, options);
  CHECK(result.iterations == 60);
  SparseModel model;
  add_components(result.components, model);
  Image from_sparse(40, 36);
  write_rows(model, 0, from_sparse.view());
  CHECK(from_sparse.pixels == dense_model.pixels);
  for (const PixelRun& run : runs) {
    for (std::size_t x = run.first; x < run.end; ++x) CHECK(sparse(run.y, x) == dense(run.y, x));
  }
}

TEST_CASE("rows are restored as the whole plane is", "[kernels][model][restore]") {
  constexpr double kCell = 1e-6;
  const GaussianBeam beam{5e-6, 3e-6, 0.4};
  Image model(50, 40);
  model(0, 0) = 1;
  model(20, 49) = -0.5F;
  model(21, 30) = 0.25F;
  const Sky sky;
  Image residual(50, 40);
  for (std::size_t k = 0; k < residual.pixels.size(); ++k) {
    residual.pixels[k] = 1e-3F * static_cast<float>(k % 7);
  }
  Image whole(50, 40);
  restore(std::as_const(residual).view(), std::as_const(model).view(), beam, -kCell, kCell,
          whole.view(), RestoreMethod::kStamps);
  const StampedModel stamps(sparse_model(std::as_const(model).view()), {40, 50}, beam, -kCell,
                            kCell);
  CHECK(stamps.pays());
  Image by_rows = residual;
  for (std::size_t y = 0; y < 40; y += 7) {
    const std::size_t rows = std::min<std::size_t>(7, 40 - y);
    stamps.add_to(y, View<float, 2>(&by_rows(y, 0), {rows, 50}));
  }
  CHECK(by_rows.pixels == whole.pixels);
}

TEST_CASE("runs unite and intersect as sets of pixels do", "[kernels][mask]") {
  std::mt19937 random(11);
  Image a(20, 12);
  Image b(20, 12);
  Image both(20, 12);
  Image either(20, 12);
  for (std::size_t k = 0; k < a.pixels.size(); ++k) {
    a.pixels[k] = static_cast<float>(random() % 3 != 0);
    b.pixels[k] = static_cast<float>(random() % 3 == 0);
    both.pixels[k] = a.pixels[k] * b.pixels[k];
    either.pixels[k] = std::max(a.pixels[k], b.pixels[k]);
  }
  const auto runs = [](const Image& plane) { return masked_runs(plane.view(), {12, 20}); };
  Image written(20, 12);
  const auto intersected = intersection(runs(a), runs(b));
  write_rows(intersected, 0, written.view());
  CHECK(written.pixels == both.pixels);
  const auto joined = united(runs(a), runs(b));
  write_rows(joined, 0, written.view());
  CHECK(written.pixels == either.pixels);
  CHECK(joined.size() == runs(either).size());
  const RowsOfRuns rows(joined, 12);
  for (std::size_t y = 0; y < 12; ++y) {
    for (std::size_t x = 0; x < 20; ++x) CHECK(rows.contains(y, x) == (either(y, x) > 0.5F));
  }
}
