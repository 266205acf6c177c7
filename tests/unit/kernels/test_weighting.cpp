// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/weighting.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <stdexcept>
#include <utility>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Data;

namespace {

constexpr double kCell = 4e-6;

WeightSamples samples_of(const Data& data) {
  const oracle::PlaneSamples s = data.samples();
  return {s.uvw_m, s.freq_hz, s.weight};
}

/// imaging.md 2.2, cube density, as it reads: grid, mirror, sums.
std::vector<double> literal_weights(const Data& data, long nx, long ny, double cell_x,
                                    double cell_y, int hands, WeightingScheme scheme,
                                    double robust) {
  std::map<std::pair<long, long>, double> grid;
  double sumwt = 0;
  const auto cell_of = [&](std::size_t k) {
    const std::size_t chans = data.freq_hz.size();
    const double lambda = oracle::kLightSpeed / data.freq_hz[k % chans];
    const double u = data.uvw[3 * (k / chans)] / lambda;
    const double v = data.uvw[3 * (k / chans) + 1] / lambda;
    return std::pair(std::lround(-u * static_cast<double>(nx) * cell_x) + nx / 2,
                     std::lround(-v * static_cast<double>(ny) * cell_y) + ny / 2);
  };
  const auto on_grid = [&](std::pair<long, long> c) {
    return c.first >= 0 && c.first < nx && c.second >= 0 && c.second < ny;
  };
  for (std::size_t k = 0; k < data.weight.size(); ++k) {
    for (int hand = 0; hand < hands && on_grid(cell_of(k)) && data.weight[k] > 0; ++hand) {
      grid[cell_of(k)] += static_cast<double>(data.weight[k]);
      sumwt += static_cast<double>(data.weight[k]);
    }
  }
  std::map<std::pair<long, long>, double> symmetric;
  for (const auto& [cell, value] : grid) {
    symmetric[cell] += value;
    const std::pair mirror(2 * (nx / 2) - cell.first, 2 * (ny / 2) - cell.second);
    if (on_grid(mirror)) {
      symmetric[mirror] += value;
    }
  }
  double squares = 0;
  for (const auto& [cell, value] : symmetric) {
    squares += value * value;
  }
  const bool briggs = scheme == WeightingScheme::kBriggs;
  const double f2 = briggs ? std::pow(5 * std::pow(10, -robust), 2) / (squares / (2 * sumwt)) : 1;
  const double d2 = briggs ? 1 : 0;
  std::vector<double> result;
  for (std::size_t k = 0; k < data.weight.size(); ++k) {
    const auto cell = cell_of(k);
    const bool used = data.weight[k] > 0 && on_grid(cell) && cell.first > 0 && cell.second > 0;
    result.push_back(used ? static_cast<double>(data.weight[k]) / (symmetric[cell] * f2 + d2)
                          : 0.0);
  }
  return result;
}

}  // namespace

TEST_CASE("density weights agree with the recipe written out", "[kernels][weighting]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{32, 32}, {31, 24}, {20, 33}}));
  const double robust = GENERATE(-2.0, -0.5, 0.0, 0.5, 2.0);
  const auto scheme = GENERATE(WeightingScheme::kUniform, WeightingScheme::kBriggs);
  Data data(9, 3000, {1.0e9, 1.1e9}, kCell, 1.1);
  data.weight[17] = 0;
  data.weight[18] = -3;
  data.uvw[0] = data.uvw[1] = 0;  // the cell that is its own mirror
  DensityGrid grid(nx, ny, -kCell, kCell);
  grid.add(samples_of(data), 2);
  std::vector<float> weights(data.weight.size());
  grid.imaging_weights(samples_of(data), scheme, robust, {weights.data(), {data.rows, 2}});
  const auto truth = literal_weights(data, static_cast<long>(nx), static_cast<long>(ny), -kCell,
                                     kCell, 2, scheme, robust);
  double worst = 0;
  std::size_t zeros = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double difference = std::abs(static_cast<double>(weights[k]) - truth[k]);
    worst = std::max(worst, truth[k] > 0 ? difference / truth[k] : difference);
    zeros += truth[k] == 0 ? 1 : 0;
  }
  CHECK(worst < 1e-6);
  CHECK(zeros > 2);  // baselines beyond the grid were part of the test
  CHECK(zeros < weights.size() / 2);
}

TEST_CASE("briggs constants and limits", "[kernels][weighting]") {
  CHECK(briggs_numerator(-2) == Approx(250000));
  CHECK(briggs_numerator(-1) == Approx(2500));
  CHECK(briggs_numerator(0) == Approx(25));
  CHECK(briggs_numerator(0.5) == Approx(2.5));
  CHECK(briggs_numerator(1) == Approx(0.25));
  CHECK(briggs_numerator(2) == Approx(0.0025));
}

TEST_CASE("natural weighting keeps weights; the output may be the input", "[kernels][weighting]") {
  Data data(13, 100, {1.0e9}, kCell);
  data.weight[3] = std::numeric_limits<float>::quiet_NaN();
  data.weight[4] = -1;
  const std::vector<float> before = data.weight;
  DensityGrid grid(32, 32, -kCell, kCell);
  grid.add(samples_of(data), 1);
  grid.imaging_weights(samples_of(data), WeightingScheme::kNatural, 0,
                       {data.weight.data(), {100, 1}});
  CHECK(data.weight[3] == 0.0F);
  CHECK(data.weight[4] == 0.0F);
  CHECK(data.weight[5] == before[5]);
}

TEST_CASE("nothing added gives weights of zero", "[kernels][weighting]") {
  Data data(13, 10, {1.0e9}, kCell);
  std::vector<float> weights(10, 1.0F);
  const DensityGrid grid(32, 32, -kCell, kCell);
  grid.imaging_weights(samples_of(data), WeightingScheme::kBriggs, 0.5, {weights.data(), {10, 1}});
  CHECK(weights == std::vector<float>(10, 0.0F));
  CHECK_THROWS_WITH(grid.imaging_weights(samples_of(data), WeightingScheme::kUniform, 0,
                                         {weights.data(), {5, 2}}),
                    Catch::Contains("[5][2]"));
  CHECK_THROWS_AS(DensityGrid(1, 8, -kCell, kCell), std::invalid_argument);
  CHECK_THROWS_AS(DensityGrid(8, 8, 0, kCell), std::invalid_argument);
}

TEST_CASE("uvtaper: image width, uv width and orientation", "[kernels][weighting]") {
  const double arcsec = std::numbers::pi / 180 / 3600;
  const UvTaper image = UvTaper::from_image_fwhm(arcsec, arcsec, 0);
  CHECK(std::sqrt(std::numbers::ln2 / image.a) == Approx(91018.7).epsilon(1e-6));
  const UvTaper uv = UvTaper::from_uv_hwhm(1000, 500, 0);
  // pa = 0: the major axis points north, along v.
  CHECK(uv.factor(0, 1000) == Approx(0.5));
  CHECK(uv.factor(500, 0) == Approx(0.5));
  const UvTaper turned = UvTaper::from_uv_hwhm(1000, 500, std::numbers::pi / 2);
  CHECK(turned.factor(1000, 0) == Approx(0.5));
  CHECK(turned.factor(0, 500) == Approx(0.5));
  const UvTaper slanted = UvTaper::from_uv_hwhm(1000, 100, std::numbers::pi / 4);
  CHECK(slanted.factor(600, 600) > 0.5);  // north-east, along the major axis
  CHECK(slanted.factor(600, -600) < 0.1);

  const std::vector<double> uvw{500 * oracle::kLightSpeed / 1e9, 0, 0};
  const std::vector<double> freq{1e9};
  std::vector<float> weight{3.0F};
  apply_uvtaper(uv, {uvw.data(), {1, 3}}, {freq.data(), {1}}, {weight.data(), {1, 1}});
  CHECK(weight[0] == Approx(1.5));
}

TEST_CASE("theoretical sensitivity", "[kernels][weighting]") {
  const std::vector<float> natural{1, 4, 0, 9};
  const std::vector<float> imaging{0.5F, 2, 1, 0.25F};
  const auto row = [](const std::vector<float>& v) {
    return View<const float, 2>(v.data(), {v.size(), 1});
  };
  SensitivitySum same;
  same.add(row(natural), row(natural), 2);
  CHECK(same.value() == Approx(1 / std::sqrt(2 * 14.0)));
  SensitivitySum other;
  other.add(row(natural), row(imaging), 2);
  const double variance = 2 * (0.25 / 1 + 4.0 / 4 + 0.0625 / 9);
  CHECK(other.value() == Approx(std::sqrt(variance) / (2 * 2.75)));
  CHECK(SensitivitySum().value() == 0.0);
}
