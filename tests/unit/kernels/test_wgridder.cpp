// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/wgridder.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>

#include "adjointness.h"
#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::adjointness_error;
using oracle::Data;
using oracle::DoubleImage;
using oracle::Image;
using oracle::Source;

namespace {

constexpr double kCell = 2e-3;  // wide fields, so that small images have large w terms

/// The largest 1 - n of an image.
double largest_drop(std::size_t nx, std::size_t ny, double cell_x, double cell_y) {
  return -oracle::n_minus_one(static_cast<double>(nx / 2) * cell_x,
                              static_cast<double>(ny / 2) * cell_y);
}

/// Baselines over the whole grid with w (1 - n) up to `turns`, and visibilities of pure noise,
/// which puts as much outside the field as inside: the hardest case for aliasing.
Data noise_data(unsigned seed, std::size_t rows, std::size_t nx, std::size_t ny, double cell_x,
                double cell_y, double turns) {
  Data data(seed, rows, {1.0e9, 1.1e9}, std::max(std::abs(cell_x), cell_y), 0.98);
  std::mt19937 random(seed + 1);
  std::normal_distribution<float> noise;
  for (auto& v : data.vis) {
    v = {noise(random), noise(random)};
  }
  const double per_turn = oracle::kLightSpeed / 1.1e9 / largest_drop(nx, ny, cell_x, cell_y);
  std::uniform_real_distribution<double> w(-turns * per_turn, turns * per_turn);
  for (std::size_t r = 0; r < rows; ++r) {
    data.uvw[3 * r + 2] = r == 0 ? turns * per_turn : w(random);
  }
  return data;
}

struct Direction {
  double l;
  double m;
};

Direction direction(std::size_t x, std::size_t y, std::size_t nx, std::size_t ny, double cell_x,
                    double cell_y) {
  return {(static_cast<double>(x) - static_cast<double>(nx / 2)) * cell_x,
          (static_cast<double>(y) - static_cast<double>(ny / 2)) * cell_y};
}

template <class Pixels>
double relative_l2(const PlaneSamples& samples, const Pixels& image, double cell_x, double cell_y) {
  double wrong = 0;
  double all = 0;
  for (std::size_t y = 0; y < image.ny; ++y) {
    for (std::size_t x = 0; x < image.nx; ++x) {
      const auto [l, m] = direction(x, y, image.nx, image.ny, cell_x, cell_y);
      const double truth = oracle::dirty_pixel_w(samples, l, m);
      const double error = static_cast<double>(image.pixels[y * image.nx + x]) - truth;
      wrong += error * error;
      all += truth * truth;
    }
  }
  return std::sqrt(wrong / all);
}

WGridderOptions with_accuracy(double accuracy, std::size_t expected_samples = 400000) {
  WGridderOptions options;
  options.accuracy = accuracy;
  options.expected_samples = expected_samples;
  return options;
}

/// A model with sources in the corners, at the edges and inside.
template <class Pixels>
std::vector<Source> place_sources(Pixels& model, double cell_x, double cell_y) {
  std::vector<Source> sky;
  const std::size_t nx = model.nx;
  const std::size_t ny = model.ny;
  double flux = 1;
  for (const auto& [x, y] : std::vector<std::pair<std::size_t, std::size_t>>{
           {0, 0}, {nx - 1, ny - 1}, {0, ny / 2}, {nx / 2 + 3, ny - 1}, {nx / 3, ny / 4}}) {
    model(y, x) = static_cast<std::decay_t<decltype(model(y, x))>>(flux);
    const auto [l, m] = direction(x, y, nx, ny, cell_x, cell_y);
    sky.push_back({l, m, flux});
    flux = -0.75 * flux;
  }
  return sky;
}

template <class Pixel, class Pixels>
double predict_error(const WGridder<double>* as_double, const WGridder<float>* as_float,
                     const Data& data, Pixels& model, double cell_x, double cell_y) {
  const std::vector<Source> sky = place_sources(model, cell_x, cell_y);
  PlaneSamples geometry = data.samples();
  geometry.vis = {};
  geometry.weight = {};
  std::vector<std::complex<Pixel>> predicted(data.vis.size());
  const View<std::complex<Pixel>, 2> out(predicted.data(), {data.rows, data.freq_hz.size()});
  const Pixels& fixed = model;
  if (as_double != nullptr) {
    as_double->predict(fixed.view(), geometry, out);
  } else {
    as_float->predict(fixed.view(), geometry, out);
  }
  double wrong = 0;
  double all = 0;
  for (std::size_t r = 0; r < data.rows; ++r) {
    for (std::size_t c = 0; c < data.freq_hz.size(); ++c) {
      const double k = data.freq_hz[c] / oracle::kLightSpeed;
      const std::complex<double> truth = oracle::visibility_w(
          sky, data.uvw[3 * r] * k, data.uvw[3 * r + 1] * k, data.uvw[3 * r + 2] * k);
      wrong += std::norm(std::complex<double>(out(r, c)) - truth);
      all += std::norm(truth);
    }
  }
  return std::sqrt(wrong / all);
}

}  // namespace

TEST_CASE("wgridder: dirty images keep the accuracy in single precision", "[kernels][wgridder]") {
  const double accuracy = GENERATE(1e-3, 1e-4, 1e-5, 1e-6);
  const double turns = GENERATE(0.0, 1e-6, 0.03, 1.2, 20.0, 200.0);
  const auto [nx, ny, seed] =
      GENERATE(table<std::size_t, std::size_t, unsigned>({{48, 48, 1}, {51, 32, 2}}));
  // Few samples choose a coarse grid with wide kernels, many a fine grid with narrow ones.
  const std::size_t expected = GENERATE(std::size_t{1}, std::size_t{100000000});
  const Data data = noise_data(seed, 150, nx, ny, -kCell, 1.2 * kCell, turns);
  const WGridder<float> gridder(nx, ny, -kCell, 1.2 * kCell, with_accuracy(accuracy, expected));
  Image image(nx, ny);
  gridder.dirty(data.samples(), image.view());
  const auto how = gridder.treatment(data.samples());
  INFO(nx << " x " << ny << ", " << turns << " turns, accuracy " << accuracy << ": " << how.taps
          << " taps, " << how.u_size << " x " << how.v_size << " cells, " << how.planes
          << (how.whole ? " whole" : " half") << " planes");
  CHECK(relative_l2(data.samples(), image, -kCell, 1.2 * kCell) <= accuracy);
}

TEST_CASE("wgridder: dirty images keep the accuracy in double precision", "[kernels][wgridder]") {
  const double accuracy = GENERATE(1e-4, 1e-8, 1e-10, 1e-12);
  const double turns = GENERATE(0.0, 0.03, 1.2, 200.0);
  const std::size_t expected = GENERATE(std::size_t{1}, std::size_t{100000000});
  const std::size_t nx = 40;
  const std::size_t ny = 51;
  const Data data = noise_data(7, 150, nx, ny, -kCell, kCell, turns);
  const WGridder<double> gridder(nx, ny, -kCell, kCell, with_accuracy(accuracy, expected));
  DoubleImage image(nx, ny);
  gridder.dirty(data.samples(), image.view());
  INFO(turns << " turns, accuracy " << accuracy << ", " << gridder.treatment(data.samples()).taps
             << " taps");
  CHECK(relative_l2(data.samples(), image, -kCell, kCell) <= accuracy);
}

TEST_CASE("wgridder: visibilities of sources at the field's edge keep the accuracy",
          "[kernels][wgridder]") {
  const double turns = GENERATE(0.0, 0.03, 1.2, 200.0);
  const std::size_t nx = 50;
  const std::size_t ny = 33;
  const Data data = noise_data(11, 400, nx, ny, -kCell, kCell, turns);
  for (const double accuracy : {1e-3, 1e-4, 1e-5, 1e-6}) {
    for (const std::size_t expected : {std::size_t{1}, std::size_t{100000000}}) {
      const WGridder<float> gridder(nx, ny, -kCell, kCell, with_accuracy(accuracy, expected));
      Image model(nx, ny);
      INFO(turns << " turns, single precision, accuracy " << accuracy);
      CHECK(predict_error<float>(nullptr, &gridder, data, model, -kCell, kCell) <= accuracy);
    }
  }
  for (const double accuracy : {1e-4, 1e-8, 1e-12}) {
    for (const std::size_t expected : {std::size_t{1}, std::size_t{100000000}}) {
      const WGridder<double> gridder(nx, ny, -kCell, kCell, with_accuracy(accuracy, expected));
      DoubleImage model(nx, ny);
      INFO(turns << " turns, double precision, accuracy " << accuracy);
      CHECK(predict_error<double>(&gridder, nullptr, data, model, -kCell, kCell) <= accuracy);
    }
  }
}

TEST_CASE("wgridder: there are no more planes than the data need", "[kernels][wgridder]") {
  const std::size_t n = 64;
  const auto planes = [&](double turns, double accuracy) {
    const Data data = noise_data(5, 50, n, n, -kCell, kCell, turns);
    return WGridder<float>(n, n, -kCell, kCell, with_accuracy(accuracy)).treatment(data.samples());
  };
  CHECK(planes(0, 1e-4).planes == 1);
  CHECK(planes(7e-6, 1e-4).planes == 1);  // 4.4e-5 radians
  CHECK(planes(2e-5, 1e-4).planes == 2);
  CHECK(planes(0.03, 1e-4).planes == 3);
  CHECK_FALSE(planes(0.03, 1e-4).whole);
  CHECK(planes(50, 1e-4).whole);
  CHECK(planes(50, 1e-4).planes > planes(25, 1e-4).planes);
  WGridderOptions ignoring = with_accuracy(1e-4);
  ignoring.w_term = WTerm::kIgnored;
  const Data far = noise_data(5, 50, n, n, -kCell, kCell, 50);
  CHECK(WGridder<float>(n, n, -kCell, kCell, ignoring).treatment(far.samples()).planes == 1);
}

TEST_CASE("wgridder: an ignored w term is as w = 0", "[kernels][wgridder]") {
  Data data = noise_data(13, 60, 40, 40, -kCell, kCell, 50);
  WGridderOptions ignoring = with_accuracy(1e-5);
  ignoring.w_term = WTerm::kIgnored;
  Image ignored(40, 40);
  WGridder<float>(40, 40, -kCell, kCell, ignoring).dirty(data.samples(), ignored.view());
  for (std::size_t r = 0; r < data.rows; ++r) {
    data.uvw[3 * r + 2] = 0;
  }
  Image flat(40, 40);
  WGridder<float>(40, 40, -kCell, kCell, with_accuracy(1e-5)).dirty(data.samples(), flat.view());
  CHECK(ignored.pixels == flat.pixels);
}

TEST_CASE("wgridder: gridding and degridding are adjoint", "[kernels][wgridder]") {
  const double turns = GENERATE(0.0, 0.1, 60.0);
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{64, 48}, {45, 63}, {16, 16}}));
  const Data data = noise_data(17, 300, nx, ny, -kCell, kCell, turns);
  INFO(nx << " x " << ny << ", " << turns << " turns");
  const WGridder<float> single(nx, ny, -kCell, kCell, with_accuracy(1e-4));
  CHECK(adjointness_error<float>(single, data) < 1e-6);
  const WGridder<double> exact(nx, ny, -kCell, kCell, with_accuracy(1e-4));
  CHECK(adjointness_error<double>(exact, data) < 1e-12);
}

TEST_CASE("wgridder: results have the same bits for any number of threads", "[kernels][wgridder]") {
  const double turns = GENERATE(0.0, 0.3, 30.0);
  const Data data = noise_data(19, 3000, 100, 70, -kCell, kCell, turns);
  Image dirty(100, 70);
  Image psf(100, 70);
  std::vector<std::complex<float>> vis(data.vis.size());
  double sum = 0;
  for (const std::size_t threads : {1U, 2U, 8U}) {
    WGridderOptions options = with_accuracy(1e-4);
    options.threads = threads;
    const WGridder<float> gridder(100, 70, -kCell, kCell, options);
    Image a(100, 70);
    Image b(100, 70);
    std::vector<std::complex<float>> c(data.vis.size());
    const double sumwt = gridder.dirty(data.samples(), a.view());
    gridder.psf(data.samples(), b.view());
    const Image& model = a;
    gridder.predict(model.view(), data.samples(), {c.data(), {data.rows, 2}});
    if (threads == 1) {
      dirty.pixels = a.pixels;
      psf.pixels = b.pixels;
      vis = c;
      sum = sumwt;
    }
    CHECK(sumwt == sum);
    CHECK(a.pixels == dirty.pixels);
    CHECK(b.pixels == psf.pixels);
    CHECK(c == vis);
  }
}

TEST_CASE("wgridder: planes larger than a cache keep accuracy and bits", "[kernels][wgridder]") {
  // A half plane of 10 MB goes through in parts, and from this u on lines reach around the period.
  const double turns = GENERATE(0.0, 0.3, 2.5);
  const std::size_t nx = 1500;
  const std::size_t ny = 1100;
  const double cell = 2e-4;
  Data data = noise_data(47, 300, nx, ny, -cell, cell, turns);
  const double edge = 0.5 / cell * oracle::kLightSpeed / 1.1e9;
  for (std::size_t row = 0; row < 20; ++row) {
    data.uvw[3 * row] = (row % 2 == 0 ? 0.9999 : -0.9995) * edge;
  }
  Image dirty(nx, ny);
  std::vector<std::complex<float>> vis(data.vis.size());
  for (const std::size_t threads : {1U, 2U, 5U}) {
    WGridderOptions options = with_accuracy(1e-4);
    options.threads = threads;
    const WGridder<float> gridder(nx, ny, -cell, cell, options);
    INFO(turns << " turns, " << threads << " threads");
    Image image(nx, ny);
    gridder.dirty(data.samples(), image.view());
    std::vector<std::complex<float>> predicted(data.vis.size());
    const Image& model = image;
    gridder.predict(model.view(), data.samples(), {predicted.data(), {data.rows, 2}});
    if (threads == 1) {
      double wrong = 0;
      double all = 0;
      for (std::size_t k = 0; k < 300; ++k) {
        const std::size_t x = k * 7919 % nx;
        const std::size_t y = k * 104729 % ny;
        const auto [l, m] = direction(x, y, nx, ny, -cell, cell);
        const double truth = oracle::dirty_pixel_w(data.samples(), l, m);
        wrong += std::pow(static_cast<double>(image(y, x)) - truth, 2);
        all += truth * truth;
      }
      CHECK(std::sqrt(wrong / all) <= 1e-4);
      Image sources(nx, ny);
      CHECK(predict_error<float>(nullptr, &gridder, data, sources, -cell, cell) <= 1e-4);
      if (turns == 0.0) {
        // Pixels of another precision have no room for the plane's spectra.
        DoubleImage wide(nx, ny);
        gridder.dirty(data.samples(), wide.view());
        CHECK(std::equal(wide.pixels.begin(), wide.pixels.end(), image.pixels.begin(),
                         [](double a, float b) { return static_cast<float>(a) == b; }));
      }
      CHECK(adjointness_error<float>(gridder, data) < 1e-6);
      dirty.pixels = image.pixels;
      vis = predicted;
    }
    CHECK(image.pixels == dirty.pixels);
    CHECK(predicted == vis);
  }
}

TEST_CASE("wgridder: the PSF is the dirty image of ones over its peak", "[kernels][wgridder]") {
  const double turns = GENERATE(0.0, 0.3, 30.0);
  Data data = noise_data(23, 500, 50, 64, -kCell, kCell, turns);
  const WGridder<double> gridder(50, 64, -kCell, kCell, with_accuracy(1e-6));
  DoubleImage psf(50, 64);
  const double sumwt = gridder.psf(data.samples(), psf.view());
  std::fill(data.vis.begin(), data.vis.end(), std::complex<float>(1));
  DoubleImage ones(50, 64);
  CHECK(gridder.dirty(data.samples(), ones.view()) == sumwt);
  const double peak = *std::max_element(ones.pixels.begin(), ones.pixels.end());
  CHECK(psf(32, 25) == 1.0);
  CHECK(peak == Approx(1).epsilon(1e-5));
  for (std::size_t k = 0; k < psf.pixels.size(); ++k) {
    psf.pixels[k] -= ones.pixels[k] / peak;
  }
  CHECK(*std::max_element(psf.pixels.begin(), psf.pixels.end()) < 1e-15);
  CHECK(*std::min_element(psf.pixels.begin(), psf.pixels.end()) > -1e-15);
}

TEST_CASE("wgridder: a source lands on its pixel, in both axes", "[kernels][wgridder]") {
  Data data(11, 500, {1.4e9}, 4e-6);
  data.observe({{9 * -4e-6, -6 * 4e-6, 2.5}});  // west (l < 0) by nine pixels, south by six
  Image image(64, 48);
  WGridder<float>(64, 48, -4e-6, 4e-6).dirty(data.samples(), image.view());
  const auto peak = std::max_element(image.pixels.begin(), image.pixels.end());
  const auto index = static_cast<std::size_t>(peak - image.pixels.begin());
  CHECK(index % 64 == 32 + 9);
  CHECK(index / 64 == 24 - 6);
  CHECK(*peak == Approx(2.5).epsilon(1e-3));
}

TEST_CASE("wgridder: samples that do not count change nothing", "[kernels][wgridder]") {
  const double turns = GENERATE(0.0, 0.3, 30.0);
  Data data = noise_data(29, 200, 64, 64, -kCell, kCell, turns);
  const WGridder<double> gridder(64, 64, -kCell, kCell);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t k = 2; k < 4; ++k) {
    data.weight[k] = 0;  // row 1
  }
  for (std::size_t k = 6; k < 18; ++k) {
    data.weight[k] = 0;  // rows 3 to 8
  }
  Image expected(64, 64);
  const double sumwt = gridder.dirty(data.samples(), expected.view());

  data.vis[2] = {nan, 0};
  data.weight[2] = 1;
  data.weight[6] = nan;
  data.weight[7] = -1;
  data.weight[8] = std::numeric_limits<float>::infinity();
  data.uvw[3 * 5] = std::numeric_limits<double>::quiet_NaN();
  data.uvw[3 * 6 + 1] = -std::numeric_limits<double>::infinity();
  data.uvw[3 * 7 + 2] = std::numeric_limits<double>::quiet_NaN();
  data.uvw[3 * 8] = 1e9;  // far off the grid
  for (std::size_t k = 10; k < 18; ++k) {
    data.weight[k] = 1;  // rows 5 to 8
  }
  Image image(64, 64);
  CHECK(gridder.dirty(data.samples(), image.view()) == sumwt);
  CHECK(image.pixels == expected.pixels);
  Image psf(64, 64);
  CHECK(gridder.psf(data.samples(), psf.view()) == sumwt);
  CHECK(psf(32, 32) == 1.0F);

  std::vector<std::complex<float>> vis(data.vis.size(), {7, 7});
  const Image& model = image;
  gridder.predict(model.view(), data.samples(), {vis.data(), {data.rows, 2}});
  for (std::size_t row = 5; row <= 8; ++row) {
    CHECK(vis[2 * row] == std::complex<float>(0));
  }
  CHECK(std::all_of(vis.begin(), vis.end(), [](auto v) { return std::isfinite(std::abs(v)); }));
}

TEST_CASE("wgridder: placed samples give the same bits", "[kernels][wgridder]") {
  const double turns = GENERATE(0.0, 0.4, 30.0);
  constexpr std::size_t kSize = 40;
  Data data = noise_data(12, 150, kSize, kSize, -kCell, kCell, turns);
  const WGridder<float> gridder(kSize, kSize, -kCell, kCell, with_accuracy(1e-4));
  const auto placed_dirty = [&](WGridder<float>::Placed& placed) {
    Image image(kSize, kSize);
    const double sum = gridder.dirty(placed, data.samples(), image.view());
    Image expected(kSize, kSize);
    CHECK(sum == gridder.dirty(data.samples(), expected.view()));
    CHECK(image.pixels == expected.pixels);
    return image;
  };
  auto placed = gridder.place(data.samples());
  const Image first = placed_dirty(placed);
  Image psf(kSize, kSize);
  gridder.psf(placed, data.samples(), psf.view());
  Image expected_psf(kSize, kSize);
  gridder.psf(data.samples(), expected_psf.view());
  CHECK(psf.pixels == expected_psf.pixels);
  for (auto& v : data.vis) v = std::conj(v) * 2.0F;
  CHECK(placed_dirty(placed).pixels != first.pixels);

  Image model(kSize, kSize);
  place_sources(model, -kCell, kCell);
  std::vector<std::complex<float>> vis(data.vis.size());
  std::vector<std::complex<float>> expected(data.vis.size());
  const std::array<std::size_t, 2> shape{data.rows, data.freq_hz.size()};
  gridder.predict(placed, std::as_const(model).view(),
                  View<std::complex<float>, 2>(vis.data(), shape));
  gridder.predict(std::as_const(model).view(), data.samples(),
                  View<std::complex<float>, 2>(expected.data(), shape));
  CHECK(vis == expected);

  SECTION("what does not count is not predicted, and no number counts as zero later") {
    data.weight[3] = 0;
    auto fewer = gridder.place(data.samples());
    gridder.predict(fewer, std::as_const(model).view(),
                    View<std::complex<float>, 2>(vis.data(), shape));
    CHECK(vis[3] == std::complex<float>(0));
    CHECK(vis[4] != std::complex<float>(0));
    placed_dirty(fewer);
    data.vis[5] = std::numeric_limits<float>::quiet_NaN();
    Image image(kSize, kSize);
    gridder.dirty(fewer, data.samples(), image.view());
    data.vis[5] = 0;
    CHECK(placed_dirty(fewer).pixels == image.pixels);
  }
  SECTION("other samples are refused") {
    const Data other = noise_data(12, 149, kSize, kSize, -kCell, kCell, turns);
    Image image(kSize, kSize);
    CHECK_THROWS_WITH(gridder.dirty(placed, other.samples(), image.view()),
                      Catch::Contains("[149][2]") && Catch::Contains("[150][2]"));
  }
}

TEST_CASE("wgridder: without weight or samples the plane is zero", "[kernels][wgridder]") {
  Data data = noise_data(31, 50, 32, 32, -kCell, kCell, 0);
  std::fill(data.weight.begin(), data.weight.end(), 0.0F);
  const WGridder<float> gridder(32, 32, -kCell, kCell);
  PlaneSamples none = data.samples();
  none.uvw_m = {data.uvw.data(), {0, 3}};
  none.vis = {data.vis.data(), {0, 2}};
  none.weight = {data.weight.data(), {0, 2}};
  for (const PlaneSamples& samples : {data.samples(), none}) {
    Image image(32, 32);
    std::fill(image.pixels.begin(), image.pixels.end(), 7.0F);
    CHECK(gridder.dirty(samples, image.view()) == 0.0);
    CHECK(std::all_of(image.pixels.begin(), image.pixels.end(), [](float p) { return p == 0; }));
    std::fill(image.pixels.begin(), image.pixels.end(), 7.0F);
    CHECK(gridder.psf(samples, image.view()) == 0.0);
    CHECK(std::all_of(image.pixels.begin(), image.pixels.end(), [](float p) { return p == 0; }));
  }
  const Image model(32, 32);
  gridder.predict(model.view(), none, {data.vis.data(), {0, 2}});
}

TEST_CASE("wgridder: tiny images and one baseline", "[kernels][wgridder]") {
  const double turns = GENERATE(0.0, 0.02, 5.0);
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{16, 16}, {8, 9}, {16, 200}}));
  const std::size_t rows = GENERATE(std::size_t{1}, std::size_t{200});
  const Data data = noise_data(37, rows, nx, ny, -kCell, kCell, turns);
  Image image(nx, ny);
  WGridder<float>(nx, ny, -kCell, kCell).dirty(data.samples(), image.view());
  INFO(nx << " x " << ny << ", " << rows << " rows, " << turns << " turns");
  CHECK(relative_l2(data.samples(), image, -kCell, kCell) <= 1e-4);
}

TEST_CASE("wgridder: pixels beyond the horizon are zero and the others right",
          "[kernels][wgridder]") {
  const double cell = 0.08;  // l reaches 1.28
  const Data data = noise_data(41, 100, 8, 8, -cell, cell, 40);
  Image image(32, 32);
  WGridder<float>(32, 32, -cell, cell).dirty(data.samples(), image.view());
  double wrong = 0;
  double all = 0;
  for (std::size_t y = 0; y < 32; ++y) {
    for (std::size_t x = 0; x < 32; ++x) {
      const auto [l, m] = direction(x, y, 32, 32, -cell, cell);
      const bool visible = l * l + m * m < 1;
      const double truth = visible ? oracle::dirty_pixel_w(data.samples(), l, m) : 0.0;
      wrong += std::pow(static_cast<double>(image(y, x)) - truth, 2);
      all += truth * truth;
    }
  }
  CHECK(image(0, 0) == 0.0F);
  CHECK(std::sqrt(wrong / all) <= 1e-4);
}

TEST_CASE("wgridder: strided images are written in place", "[kernels][wgridder]") {
  const Data data = noise_data(43, 50, 20, 24, -kCell, kCell, 0.1);
  const WGridder<float> gridder(20, 24, -kCell, kCell);
  Image dense(20, 24);
  gridder.dirty(data.samples(), dense.view());
  std::vector<float> wide(24 * 50, 7.0F);
  const View<float, 2> strided(wide.data(), {24, 20}, {50, 2});
  gridder.dirty(data.samples(), strided);
  for (std::size_t y = 0; y < 24; ++y) {
    for (std::size_t x = 0; x < 20; ++x) {
      REQUIRE(strided(y, x) == dense(y, x));
      REQUIRE(wide[y * 50 + 2 * x + 1] == 7.0F);
    }
  }
}

TEST_CASE("wgridder: the bound of its memory follows what the data reach", "[kernels][wgridder]") {
  const auto bound = [](double u, double w, const WGridderOptions& options = {}) {
    return WGridder<float>::footprint_bytes(1000, 1000, -kCell, kCell, 1000, options, {u, w});
  };
  const double half = 0.5 / kCell;
  // A half plane of at least 1200 x 600 cells of 8 bytes; whole planes are twice as much.
  CHECK(bound(half, 0) > 1200 * 600 * 8);
  CHECK(bound(half, 0) < 2 * 1200 * 1200 * 8);
  CHECK(bound(half / 4, 0) < 0.5 * static_cast<double>(bound(half, 0)));
  CHECK(bound(half, 1e4) > 1.8 * static_cast<double>(bound(half, 0)));
  WGridderOptions ignoring;
  ignoring.w_term = WTerm::kIgnored;
  CHECK(bound(half, 1e4, ignoring) < bound(half, 1e4));
  CHECK(WGridder<float>::footprint_bytes(1000, 1000, -kCell, kCell, 1000) == bound(half, half));
}

TEST_CASE("wgridder: wrong arguments are refused with words", "[kernels][wgridder]") {
  const Data data = noise_data(1, 10, 32, 16, -kCell, kCell, 0);
  const WGridder<double> gridder(32, 16, -kCell, kCell);
  Image transposed(16, 32);
  CHECK_THROWS_WITH(gridder.dirty(data.samples(), transposed.view()),
                    Catch::Contains("[32][16]") && Catch::Contains("[16][32]"));
  Image image(32, 16);
  PlaneSamples samples = data.samples();
  samples.vis = {};
  CHECK_THROWS_WITH(gridder.dirty(samples, image.view()), Catch::Contains("vis"));
  CHECK_THROWS_AS(WGridder<double>(32, 32, kCell, kCell), std::invalid_argument);
  CHECK_THROWS_AS(WGridder<double>(4, 32, -kCell, kCell), std::invalid_argument);
  CHECK_THROWS_WITH(WGridder<float>(32, 32, -kCell, kCell, with_accuracy(1e-8)),
                    Catch::Contains("single precision gives, 1e-06"));
  CHECK_THROWS_AS(WGridder<double>(32, 32, -kCell, kCell, with_accuracy(1e-13)),
                  std::invalid_argument);
  CHECK_THROWS_AS(WGridder<double>(32, 32, -kCell, kCell, with_accuracy(0.5)),
                  std::invalid_argument);
  WGridderOptions idle;
  idle.threads = 0;
  CHECK_THROWS_AS(WGridder<double>(32, 32, -kCell, kCell, idle), std::invalid_argument);
}
