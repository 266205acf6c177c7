// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/standard_gridder.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <tuple>

#include "adjointness.h"
#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Data;
using oracle::Image;
using oracle::Source;

namespace {

constexpr double kCell = 4e-6;

/// The source at a pixel offset from the phase centre.
Source at_offset(double dx, double dy, double flux, double cell_x, double cell_y) {
  return {dx * cell_x, dy * cell_y, flux};
}

template <class Real>
double worst_against_direct_sum(const Data& data, std::size_t nx, std::size_t ny, double cell_x,
                                double cell_y) {
  Image image(nx, ny);
  const StandardGridder<Real> gridder(nx, ny, cell_x, cell_y);
  gridder.dirty(data.samples(), image.view());
  double worst = 0;
  float peak = 0;
  for (const float pixel : image.pixels) {
    peak = std::max(peak, std::abs(pixel));
  }
  // Every fourth row and column and the last ones: the oracle is slow.
  for (std::size_t y = 0; y < ny; y += y + 4 < ny || y + 1 == ny ? 4 : ny - 1 - y) {
    for (std::size_t x = 0; x < nx; x += x + 4 < nx || x + 1 == nx ? 4 : nx - 1 - x) {
      const double l = (static_cast<double>(x) - static_cast<double>(nx / 2)) * cell_x;
      const double m = (static_cast<double>(y) - static_cast<double>(ny / 2)) * cell_y;
      const double truth = oracle::dirty_pixel(data.samples(), l, m);
      worst = std::max(worst, std::abs(truth - static_cast<double>(image(y, x))));
    }
  }
  return worst / static_cast<double>(peak);
}

/// Baselines of which some fall off the grid, and visibilities of pure noise.
Data noise_data() {
  Data data(7, 300, {1.0e9, 1.1e9}, kCell, 1.1);
  std::mt19937 random(3);
  std::normal_distribution<float> noise;
  for (auto& v : data.vis) {
    v = {noise(random), noise(random)};
  }
  return data;
}

}  // namespace

TEST_CASE("dirty images agree with the direct Fourier sum", "[kernels][gridder]") {
  const auto [nx, ny, seed] = GENERATE(table<std::size_t, std::size_t, unsigned>(
      {{64, 64, 1}, {64, 64, 2}, {80, 48, 3}, {48, 80, 4}, {51, 37, 5}, {64, 33, 6}}));
  const double cell_x = -kCell;
  const double cell_y = 1.5 * kCell;
  const auto width = static_cast<double>(nx);
  const auto height = static_cast<double>(ny);
  // The look-up in hundredths of a cell errs at random: the mean of many samples is what is held
  // to the bound, as in any observation.
  Data data(seed, 10000, {1.00e9, 1.02e9, 1.05e9}, cell_y);
  data.observe({at_offset(0.4 * width, -0.4 * height, 1.0, cell_x, cell_y),
                at_offset(-0.31 * width, 0.13 * height, 0.6, cell_x, cell_y),
                at_offset(2.3, 5.7, 0.8, cell_x, cell_y)});
  INFO(nx << " x " << ny << " seed " << seed);
  CHECK(worst_against_direct_sum<double>(data, nx, ny, cell_x, cell_y) < 3e-4);
  CHECK(worst_against_direct_sum<float>(data, nx, ny, cell_x, cell_y) < 3e-4);
}

TEST_CASE("a source lands on its pixel, in both axes", "[kernels][gridder]") {
  Data data(11, 500, {1.4e9}, kCell);
  data.observe({{9 * -kCell, -6 * kCell, 2.5}});  // west (l < 0) by nine pixels, south by six
  Image image(64, 48);
  StandardGridder<double>(64, 48, -kCell, kCell).dirty(data.samples(), image.view());
  const auto peak = std::max_element(image.pixels.begin(), image.pixels.end());
  const auto index = static_cast<std::size_t>(peak - image.pixels.begin());
  CHECK(index % 64 == 32 + 9);
  CHECK(index / 64 == 24 - 6);
  CHECK(*peak == Approx(2.5).epsilon(3e-4));
}

TEST_CASE("gridding and degridding are adjoint", "[kernels][gridder]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{64, 48}, {45, 63}, {16, 16}}));
  INFO(nx << " x " << ny);
  const Data data = noise_data();
  const StandardGridder<double> exact(nx, ny, -kCell, kCell);
  CHECK(oracle::adjointness_error<float>(exact, data) < 1e-8);
  const StandardGridder<float> single(nx, ny, -kCell, kCell);
  CHECK(oracle::adjointness_error<float>(single, data) < 1e-6);
}

TEST_CASE("predicted visibilities agree with the sum over the model", "[kernels][gridder]") {
  const std::size_t nx = 72;
  const std::size_t ny = 60;
  Data data(21, 500, {1.3e9, 1.4e9}, kCell);
  Image model(nx, ny);
  model(10, 60) = 1.0F;
  model(30, 36) = 2.0F;
  model(50, 12) = -0.5F;
  std::vector<Source> sky;
  for (std::size_t y = 0; y < ny; ++y) {
    for (std::size_t x = 0; x < nx; ++x) {
      if (model(y, x) != 0) {
        sky.push_back(at_offset(static_cast<double>(x) - 36, static_cast<double>(y) - 30,
                                static_cast<double>(model(y, x)), -kCell, kCell));
      }
    }
  }
  data.observe(sky);
  PlaneSamples geometry = data.samples();
  geometry.vis = {};
  geometry.weight = {};
  std::vector<std::complex<float>> predicted(data.vis.size());
  const View<std::complex<float>, 2> out(predicted.data(), {data.rows, 2});
  StandardGridder<double>(nx, ny, -kCell, kCell).predict(model.view(), geometry, out);
  double sum_of_squares = 0;
  double worst = 0;
  for (std::size_t k = 0; k < predicted.size(); ++k) {
    const double error = std::abs(std::complex<double>(predicted[k] - data.vis[k]));
    worst = std::max(worst, error);
    sum_of_squares += error * error;
  }
  // One visibility sees the 1/100-cell look-up undiluted: half a step is 2 pi 0.005 * 0.4 turns.
  CHECK(worst < 1.3e-2 * 3.5);
  CHECK(std::sqrt(sum_of_squares / static_cast<double>(predicted.size())) < 2.5e-3 * 3.5);
}

TEST_CASE("results have the same bits for any number of threads", "[kernels][gridder]") {
  Data data(5, 600, {1.0e9, 1.1e9}, kCell);
  data.observe({{1e-5, 3e-5, 1.0}, {-6e-5, 2e-5, 0.3}});
  Image one(100, 70);
  Image three(100, 70);
  const StandardGridder<double> single(100, 70, -kCell, kCell, 1);
  const StandardGridder<double> threaded(100, 70, -kCell, kCell, 3);
  single.dirty(data.samples(), one.view());
  threaded.dirty(data.samples(), three.view());
  CHECK(one.pixels == three.pixels);
  std::vector<std::complex<float>> a(data.vis.size());
  std::vector<std::complex<float>> b(data.vis.size());
  single.predict(one.view(), data.samples(), {a.data(), {data.rows, 2}});
  threaded.predict(one.view(), data.samples(), {b.data(), {data.rows, 2}});
  CHECK(a == b);
}

TEST_CASE("the PSF has its peak of one in the middle and is the sum of cosines",
          "[kernels][gridder]") {
  Data data(31, 20000, {1.2e9}, kCell);
  data.observe({{0, 0, 1.0}});
  Image psf(50, 64);
  StandardGridder<double>(50, 64, -kCell, kCell).psf(data.samples(), psf.view());
  CHECK(psf(32, 25) == 1.0F);
  double worst = 0;
  for (std::size_t y = 0; y < 64; y += 3) {
    for (std::size_t x = 0; x < 50; x += 7) {
      const double truth =
          oracle::dirty_pixel(data.samples(), (static_cast<double>(x) - 25) * -kCell,
                              (static_cast<double>(y) - 32) * kCell);
      worst = std::max(worst, std::abs(truth - static_cast<double>(psf(y, x))));
    }
  }
  CHECK(worst < 3e-4);
}

TEST_CASE("samples that do not count change nothing", "[kernels][gridder]") {
  Data data(41, 200, {1.0e9}, kCell);
  data.observe({{2e-5, -3e-5, 1.0}});
  const StandardGridder<double> gridder(64, 64, -kCell, kCell);
  const float nan = std::numeric_limits<float>::quiet_NaN();

  Data fewer = data;
  for (std::size_t r = 0; r < 4; ++r) {
    fewer.weight[r] = 0;
  }
  Image expected(64, 64);
  const double sumwt = gridder.dirty(fewer.samples(), expected.view());

  data.vis[0] = {nan, 0};
  data.weight[1] = nan;
  data.weight[2] = -1;
  data.uvw[3 * 3] = std::numeric_limits<double>::quiet_NaN();
  Image image(64, 64);
  CHECK(gridder.dirty(data.samples(), image.view()) == sumwt);
  CHECK(image.pixels == expected.pixels);
  Image psf(64, 64);
  CHECK(gridder.psf(data.samples(), psf.view()) == sumwt);

  data.uvw[3 * 5] = 1e9;  // far off the grid: dropped, also from the weights
  CHECK(gridder.dirty(data.samples(), image.view()) ==
        Approx(sumwt - static_cast<double>(data.weight[5])).epsilon(1e-12));
}

TEST_CASE("without weight the plane is zero", "[kernels][gridder]") {
  Data data(43, 50, {1.0e9}, kCell);
  data.observe({{0, 0, 1.0}});
  std::fill(data.weight.begin(), data.weight.end(), 0.0F);
  Image image(32, 32);
  std::fill(image.pixels.begin(), image.pixels.end(), 7.0F);
  const StandardGridder<float> gridder(32, 32, -kCell, kCell);
  CHECK(gridder.dirty(data.samples(), image.view()) == 0.0);
  CHECK(std::all_of(image.pixels.begin(), image.pixels.end(), [](float p) { return p == 0; }));
  std::fill(image.pixels.begin(), image.pixels.end(), 7.0F);
  CHECK(gridder.psf(data.samples(), image.view()) == 0.0);
  CHECK(std::all_of(image.pixels.begin(), image.pixels.end(), [](float p) { return p == 0; }));
}

TEST_CASE("one baseline on a tiny image", "[kernels][gridder]") {
  Data data(47, 1, {1.0e9}, kCell, 0.6);
  data.observe({{3 * -kCell, 2 * kCell, 1.0}});
  CHECK(worst_against_direct_sum<double>(data, 16, 16, -kCell, kCell) < 2e-2);
  Data many(48, 20000, {1.0e9}, kCell, 0.6);
  many.observe({{3 * -kCell, 2 * kCell, 1.0}});
  CHECK(worst_against_direct_sum<double>(many, 16, 16, -kCell, kCell) < 3e-4);
}

TEST_CASE("wrong shapes are refused with words", "[kernels][gridder]") {
  Data data(1, 10, {1.0e9}, kCell);
  const StandardGridder<double> gridder(32, 16, -kCell, kCell);
  Image transposed(16, 32);
  CHECK_THROWS_WITH(gridder.dirty(data.samples(), transposed.view()),
                    Catch::Contains("[32][16]") && Catch::Contains("[16][32]"));
  Image image(32, 16);
  PlaneSamples samples = data.samples();
  samples.weight = {data.weight.data(), {9, 1}};
  CHECK_THROWS_WITH(gridder.dirty(samples, image.view()), Catch::Contains("weight"));
  samples = data.samples();
  samples.vis = {};
  CHECK_THROWS_WITH(gridder.dirty(samples, image.view()), Catch::Contains("vis"));
  data.freq_hz[0] = 0;
  CHECK_THROWS_WITH(gridder.dirty(data.samples(), image.view()), Catch::Contains("frequency"));
  CHECK_THROWS_AS(StandardGridder<double>(32, 32, kCell, kCell), std::invalid_argument);
  CHECK_THROWS_AS(StandardGridder<double>(4, 32, -kCell, kCell), std::invalid_argument);
  CHECK_THROWS_AS(StandardGridder<double>(32, 32, -kCell, kCell, 0), std::invalid_argument);
}
