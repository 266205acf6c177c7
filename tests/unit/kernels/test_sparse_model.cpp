// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/direct_predict.h>
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
  options.discard_residual = true;
  Image spent = sky.dirty;
  const HogbomResult lazy = hogbom(spent.view(), sky.psf.view(), runs, options);
  CHECK(lazy.peak == result.peak);
  SparseModel lazy_model;
  add_components(lazy.components, lazy_model);
  write_rows(lazy_model, 0, from_sparse.view());
  CHECK(from_sparse.pixels == dense_model.pixels);
}

TEST_CASE("subtractions that wait change no component", "[kernels][model]") {
  // Sides that are no multiple of a tile's, odd and even; ties; pixels that are no number.
  const auto [nx, ny] = GENERATE(
      table<std::size_t, std::size_t>({{133, 97}, {64, 64}, {17, 40}, {16, 16}, {300, 170}}));
  const auto [gain, threshold] =
      GENERATE(table<float, float>({{0.2F, 0.004F}, {0.05F, 0.1F}, {0.3F, 0}}));
  const bool masked = GENERATE(false, true);
  std::mt19937 random(8);
  std::normal_distribution<float> noise;
  Image psf(nx, ny);
  Image dirty(nx, ny);
  Image mask(nx, ny);
  for (std::size_t y = 0; y < ny; ++y) {
    for (std::size_t x = 0; x < nx; ++x) {
      const float dy = static_cast<float>(y) - static_cast<float>(ny / 2);
      const float dx = static_cast<float>(x) - static_cast<float>(nx / 2);
      const float r = std::hypot(dx, dy);
      psf(y, x) = std::cos(r) / (1 + r * r / 4) + (r > 0 ? 0.002F * noise(random) : 0);
      dirty(y, x) = 0.01F * std::round(10 * noise(random));
      mask(y, x) = masked && (x < 5 || (x + 2 * y) % 70 < 20) ? 0.0F : 1.0F;
    }
  }
  dirty(3, 2) = dirty(ny - 1, nx - 1) = -1;
  dirty(ny / 2, 5) = std::numeric_limits<float>::quiet_NaN();
  HogbomOptions options;
  options.gain = gain;
  options.max_iterations = 1500;
  options.threshold = threshold;
  options.record_components = true;
  Image model(nx, ny);
  Image whole = dirty;
  const auto expected = hogbom(whole.view(), std::as_const(psf).view(), model.view(),
                               std::as_const(mask).view(), options);
  options.discard_residual = true;
  Image spent = dirty;
  const PixelRuns runs = masked_runs(std::as_const(mask).view(), {ny, nx});
  const auto result = hogbom(spent.view(), std::as_const(psf).view(), runs, options);
  CHECK(expected.iterations > 50);
  CHECK(result.iterations == expected.iterations);
  CHECK(result.start_peak == expected.start_peak);
  CHECK(result.stop == expected.stop);
  if (expected.stop == HogbomStop::kThreshold) {
    CHECK(result.peak <= expected.peak);
  } else {
    CHECK(result.peak == expected.peak);
  }
  bool same = result.components.size() == expected.components.size();
  for (std::size_t k = 0; same && k < result.components.size(); ++k) {
    const CleanComponent& a = result.components[k];
    const CleanComponent& b = expected.components[k];
    same = a.x == b.x && a.y == b.y && a.flux == b.flux;
  }
  CHECK(same);
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

TEST_CASE("visibilities of few components are summed to the precision", "[kernels][model]") {
  std::mt19937 random(9);
  std::uniform_real_distribution<double> far(-3000, 3000);
  std::vector<double> uvw(3 * 700);
  for (double& metres : uvw) metres = far(random);
  const std::vector<double> freq{1.4e9, 1.5e9};
  const PlaneSamples geometry{{uvw.data(), {700, 3}}, {freq.data(), {2}}, {}, {}};
  const ModelGrid grid{401, 300, -2e-3, 1.5e-3};  // to 0.46 from the centre, n - 1 = -0.11
  SparseModel model{{0, 0, 1}, {10, 400, 2.5F}, {150, 200, -0.5F}, {299, 120, 0.75F}};
  const bool w_term = GENERATE(true, false);
  std::vector<std::complex<float>> single(1400);
  std::vector<std::complex<float>> twice(1400);
  std::vector<std::complex<float>> threaded(1400);
  direct_predict<float>(model, grid, w_term, geometry, 1, {single.data(), {700, 2}});
  direct_predict<float>(model, grid, w_term, geometry, 4, {threaded.data(), {700, 2}});
  direct_predict<double>(model, grid, w_term, geometry, 2, {twice.data(), {700, 2}});
  CHECK(single == threaded);
  double worst_single = 0;
  double worst_double = 0;
  for (std::size_t k = 0; k < 1400; ++k) {
    std::complex<double> truth = 0;
    for (const ModelPixel& p : model) {
      const double l = (static_cast<double>(p.x) - 200) * grid.cell_x_rad;
      const double m = (static_cast<double>(p.y) - 150) * grid.cell_y_rad;
      const double q = w_term ? oracle::n_minus_one(l, m) : 0;
      const double turns = (uvw[k / 2 * 3] * l + uvw[k / 2 * 3 + 1] * m + uvw[k / 2 * 3 + 2] * q) *
                           freq[k % 2] / oracle::kLightSpeed;
      truth += static_cast<double>(p.flux) * oracle::wave(turns);
    }
    worst_single = std::max(worst_single, std::abs(std::complex<double>(single[k]) - truth));
    worst_double = std::max(worst_double, std::abs(std::complex<double>(twice[k]) - truth));
  }
  CHECK(worst_single < 4.75e-6);  // 1e-6 of the flux
  CHECK(worst_double < 4.75e-7);  // the visibilities are floats
  CHECK_THROWS_WITH(
      direct_predict<float>(model, grid, true, geometry, 1, {single.data(), {1400, 1}}),
      Catch::Contains("[700][2]"));
  CHECK(direct_predict_pays(model, grid, 1400));
  model.resize(4000);
  CHECK_FALSE(direct_predict_pays(model, grid, 1400));
}
