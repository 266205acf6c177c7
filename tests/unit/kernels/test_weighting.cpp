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
#include "printed_number.h"

using namespace skymill::kernels;
using oracle::Data;
using oracle::printed;

namespace {

constexpr double kCell = 4e-6;

WeightSamples samples_of(const Data& data) {
  const oracle::PlaneSamples s = data.samples();
  return {s.uvw_m, s.freq_hz, s.weight};
}

using Cells = std::map<std::pair<long, long>, double>;

/// An image's grid and its samples' baselines, as imaging.md 2.2 has them.
struct Literal {
  const Data& data;
  long nx = 0;
  long ny = 0;
  long box = 0;

  double u_cells(std::size_t k) const { return -kCell * static_cast<double>(nx) * lambdas(k, 0); }
  double v_cells(std::size_t k) const { return kCell * static_cast<double>(ny) * lambdas(k, 1); }
  double lambdas(std::size_t k, std::size_t axis) const {
    const std::size_t chans = data.freq_hz.size();
    return data.uvw[3 * (k / chans) + axis] * data.freq_hz[k % chans] / oracle::kLightSpeed;
  }
  bool on_grid(std::pair<long, long> c) const {
    return c.first >= 0 && c.first < nx && c.second >= 0 && c.second < ny;
  }
  bool within_box(std::pair<long, long> c) const {
    return c.first - box > 0 && c.first + box < nx && c.second - box > 0 && c.second + box < ny;
  }
  std::pair<long, long> nearest(std::size_t k) const {
    return {std::lround(-u_cells(k)) + nx / 2, std::lround(-v_cells(k)) + ny / 2};
  }
  std::pair<long, long> truncated(double u, double v) const {
    return {static_cast<long>(static_cast<float>(u) + static_cast<float>(nx / 2)),
            static_cast<long>(static_cast<float>(v) + static_cast<float>(ny / 2))};
  }

  /// Grid, mirror: what the cube's density is; also the sum of weights of one half.
  Cells cube_density(int hands, double& sumwt) const {
    Cells grid;
    const auto kept = [&](const auto& cell) { return box > 0 ? within_box(cell) : on_grid(cell); };
    for (std::size_t k = 0; k < data.weight.size(); ++k) {
      const auto cell = nearest(k);
      if (!(data.weight[k] > 0) || !kept(cell)) {
        continue;
      }
      const double weight = hands * static_cast<double>(data.weight[k]);
      sumwt += weight;
      const std::pair mirror(2 * (nx / 2) - cell.first, 2 * (ny / 2) - cell.second);
      for (long i = -box; i <= box; ++i) {
        for (long j = -box; j <= box; ++j) {
          grid[{cell.first + i, cell.second + j}] += weight;
          if (kept(mirror)) {
            grid[{mirror.first + i, mirror.second + j}] += weight;
          }
        }
      }
    }
    return grid;
  }

  /// The density that all channels share; also the sum of weights of both halves.
  Cells joint_density(double& sumwt) const {
    Cells grid;
    for (std::size_t k = 0; k < data.weight.size(); ++k) {
      for (const double half : {1.0, -1.0}) {
        const auto cell = truncated(half * u_cells(k), half * v_cells(k));
        if (data.weight[k] > 0 && within_box(cell)) {
          grid[cell] += static_cast<double>(data.weight[k]);
          sumwt += static_cast<double>(data.weight[k]);
        }
      }
    }
    return grid;
  }
};

/// imaging.md 2.2: the weight of a sample of density `density` at a distance of `cells`.
double literal_weight(const Weighting& weighting, double w, double density, double s2,
                      double cells) {
  double f2 = 1;
  double d2 = 0;
  const double briggs = std::pow(5 * std::pow(10, -weighting.robust), 2) / s2;
  if (weighting.scheme == WeightingScheme::kBriggs) {
    f2 = briggs;
    d2 = 1;
  }
  if (weighting.scheme == WeightingScheme::kBriggsAbs) {
    f2 = weighting.robust * weighting.robust;
    d2 = 2 * weighting.noise_jy * weighting.noise_jy;
  }
  if (weighting.scheme == WeightingScheme::kBriggsBwTaper) {
    const double n = weighting.fracbw * cells;
    double taper = n + 0.5;
    if (taper < 1.5) {
      taper = (4 - n) / (4 - 2 * n);
    }
    f2 = briggs / taper;
    d2 = 1;
  }
  return w / (density * f2 + d2);
}

double sum_of_squares(const Cells& grid) {
  double sum = 0;
  for (const auto& [cell, value] : grid) {
    sum += value * value;
  }
  return sum;
}

/// Largest relative difference of weights from the formula; zeros must be zeros.
double worst_difference(const std::vector<float>& weights, const std::vector<double>& truth) {
  double worst = 0;
  std::size_t zeros = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double difference = std::abs(static_cast<double>(weights[k]) - truth[k]);
    worst = std::max(worst, truth[k] > 0 ? difference / truth[k] : difference);
    zeros += truth[k] == 0 ? 1 : 0;
  }
  CHECK(zeros > 2);  // baselines beyond the grid were part of the test
  CHECK(zeros < weights.size() / 2);
  return worst;
}

Data baselines() {
  Data data(9, 3000, {1.0e9, 1.1e9}, kCell, 1.1);
  data.weight[17] = 0;
  data.weight[18] = -3;
  return data;
}

}  // namespace

TEST_CASE("a cube's density weights agree with the formulas", "[kernels][weighting]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{32, 32}, {31, 24}, {20, 33}}));
  const double robust = GENERATE(-2.0, -0.5, 0.0, 0.5, 2.0);
  const auto scheme = GENERATE(WeightingScheme::kUniform, WeightingScheme::kBriggs,
                               WeightingScheme::kBriggsAbs, WeightingScheme::kBriggsBwTaper);
  const Weighting weighting{scheme, robust, 0.7, 0.21};
  Data data = baselines();
  data.uvw[0] = data.uvw[1] = 0;  // the cell that is its own mirror
  DensityGrid grid(nx, ny, -kCell, kCell);
  grid.add(samples_of(data), 2);
  std::vector<float> weights(data.weight.size());
  grid.imaging_weights(samples_of(data), weighting, {weights.data(), {data.rows, 2}});

  const Literal literal{data, static_cast<long>(nx), static_cast<long>(ny)};
  double sumwt = 0;
  const Cells density = literal.cube_density(2, sumwt);
  const double s2 = sum_of_squares(density) / (2 * sumwt);
  std::vector<double> truth;
  for (std::size_t k = 0; k < data.weight.size(); ++k) {
    const auto cell = literal.nearest(k);
    const bool used = data.weight[k] > 0 && literal.within_box(cell);
    truth.push_back(used ? literal_weight(weighting, static_cast<double>(data.weight[k]),
                                          density.at(cell), s2,
                                          std::hypot(literal.u_cells(k), literal.v_cells(k)))
                         : 0.0);
  }
  CHECK(worst_difference(weights, truth) < 1e-6);
}

TEST_CASE("joint density weights agree with the formulas", "[kernels][weighting]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{32, 32}, {31, 24}, {20, 33}}));
  const auto scheme = GENERATE(WeightingScheme::kUniform, WeightingScheme::kBriggs);
  const Weighting weighting{scheme, 0.3};
  const Data data = baselines();
  DensityGrid grid(nx, ny, -kCell, kCell, DensityCells::kTruncated);
  grid.add(samples_of(data), 1);
  std::vector<float> weights(data.weight.size());
  grid.imaging_weights(samples_of(data), weighting, {weights.data(), {data.rows, 2}});

  const Literal literal{data, static_cast<long>(nx), static_cast<long>(ny)};
  double sumwt = 0;
  const Cells density = literal.joint_density(sumwt);
  CHECK(grid.sum_of_weights() == Approx(sumwt).epsilon(1e-12));
  CHECK(grid.sum_of_squares() == Approx(sum_of_squares(density)).epsilon(1e-12));
  std::vector<double> truth;
  for (std::size_t k = 0; k < data.weight.size(); ++k) {
    const auto cell = literal.truncated(literal.u_cells(k), literal.v_cells(k));
    const bool used = data.weight[k] > 0 && literal.within_box(cell);
    truth.push_back(used ? literal_weight(weighting, static_cast<double>(data.weight[k]),
                                          density.at(cell), sum_of_squares(density) / sumwt, 0)
                         : 0.0);
  }
  CHECK(worst_difference(weights, truth) < 1e-6);
}

TEST_CASE("superuniform: the density of the box around a sample", "[kernels][weighting]") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>({{32, 32}, {31, 24}}));
  const std::size_t box = GENERATE(1U, 3U);
  const Data data = baselines();
  DensityGrid grid(nx, ny, -kCell, kCell, DensityCells::kNearest, box);
  grid.add(samples_of(data), 1);
  std::vector<float> weights(data.weight.size());
  const Weighting uniform{WeightingScheme::kUniform};
  grid.imaging_weights(samples_of(data), uniform, {weights.data(), {data.rows, 2}});

  const Literal literal{data, static_cast<long>(nx), static_cast<long>(ny), static_cast<long>(box)};
  double sumwt = 0;
  const Cells density = literal.cube_density(1, sumwt);
  std::vector<double> truth;
  for (std::size_t k = 0; k < data.weight.size(); ++k) {
    const auto cell = literal.nearest(k);
    const bool used = data.weight[k] > 0 && literal.on_grid(cell) && cell.first > 0 &&
                      cell.second > 0 && density.count(cell) > 0;
    truth.push_back(used ? static_cast<double>(data.weight[k]) / density.at(cell) : 0.0);
  }
  CHECK(worst_difference(weights, truth) < 1e-6);
  CHECK_THROWS_WITH(grid.imaging_weights(samples_of(data), {WeightingScheme::kBriggs},
                                         {weights.data(), {data.rows, 2}}),
                    Catch::Contains("without a box"));
}

TEST_CASE("radial weights grow with the distance from the origin", "[kernels][weighting]") {
  Data data = baselines();
  data.uvw[3] = std::numeric_limits<double>::quiet_NaN();
  std::vector<float> weights(data.weight.size());
  radial_weights(samples_of(data), {weights.data(), {data.rows, 2}});
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double metres = std::hypot(data.uvw[3 * (k / 2)], data.uvw[3 * (k / 2) + 1]);
    const bool used = data.weight[k] > 0 && k / 2 != 1;
    const double truth = used ? static_cast<double>(data.weight[k]) * metres * data.freq_hz[k % 2] /
                                    oracle::kLightSpeed
                              : 0;
    CHECK(static_cast<double>(weights[k]) == Approx(truth).epsilon(1e-6));
  }
}

TEST_CASE("weightings that mean nothing are refused", "[kernels][weighting]") {
  const Data data(13, 10, {1.0e9}, kCell);
  std::vector<float> weights(10);
  const DensityGrid grid(32, 32, -kCell, kCell);
  const auto weigh = [&](const Weighting& weighting) {
    grid.imaging_weights(samples_of(data), weighting, {weights.data(), {10, 1}});
  };
  CHECK_THROWS_WITH(weigh({WeightingScheme::kBriggsBwTaper, 0.5, 1, 0}),
                    Catch::Contains("fractional bandwidth"));
  CHECK_THROWS_WITH(weigh({WeightingScheme::kBriggsAbs, 0, 0}), Catch::Contains("noise"));
  CHECK(fractional_bandwidth(1e9, 1.1e9) == Approx(2 * 0.1 / 2.1).epsilon(1e-12));
  CHECK(fractional_bandwidth(1.1e9, 1e9) == Approx(2 * 0.1 / 2.1).epsilon(1e-12));
}

TEST_CASE("briggs constants and limits", "[kernels][weighting]") {
  CHECK(briggs_numerator(-2) == Approx(250000).epsilon(1e-12));
  CHECK(briggs_numerator(-1) == Approx(2500).epsilon(1e-12));
  CHECK(briggs_numerator(0) == Approx(25).epsilon(1e-12));
  CHECK(briggs_numerator(0.5) == Approx(2.5).epsilon(1e-12));
  CHECK(briggs_numerator(1) == Approx(0.25).epsilon(1e-12));
  CHECK(briggs_numerator(2) == Approx(0.0025).epsilon(1e-12));
}

TEST_CASE("natural weighting keeps weights; the output may be the input", "[kernels][weighting]") {
  Data data(13, 100, {1.0e9}, kCell);
  data.weight[3] = std::numeric_limits<float>::quiet_NaN();
  data.weight[4] = -1;
  const std::vector<float> before = data.weight;
  DensityGrid grid(32, 32, -kCell, kCell);
  grid.add(samples_of(data), 1);
  grid.imaging_weights(samples_of(data), {}, {data.weight.data(), {100, 1}});
  CHECK(data.weight[3] == 0.0F);
  CHECK(data.weight[4] == 0.0F);
  CHECK(data.weight[5] == before[5]);
}

TEST_CASE("nothing added gives weights of zero", "[kernels][weighting]") {
  Data data(13, 10, {1.0e9}, kCell);
  std::vector<float> weights(10, 1.0F);
  const DensityGrid grid(32, 32, -kCell, kCell);
  grid.imaging_weights(samples_of(data), {WeightingScheme::kBriggs}, {weights.data(), {10, 1}});
  CHECK(weights == std::vector<float>(10, 0.0F));
  CHECK_THROWS_WITH(
      grid.imaging_weights(samples_of(data), {WeightingScheme::kUniform}, {weights.data(), {5, 2}}),
      Catch::Contains("[5][2]"));
  CHECK_THROWS_AS(DensityGrid(1, 8, -kCell, kCell), std::invalid_argument);
  CHECK_THROWS_AS(DensityGrid(8, 8, 0, kCell), std::invalid_argument);
}

TEST_CASE("uvtaper: image width, uv width and orientation", "[kernels][weighting]") {
  const double arcsec = std::numbers::pi / 180 / 3600;
  const UvTaper image = UvTaper::from_image_fwhm(arcsec, arcsec, 0);
  CHECK(std::sqrt(std::numbers::ln2 / image.a) / 1000 == printed("91.0187"));
  const UvTaper uv = UvTaper::from_uv_hwhm(1000, 500, 0);
  // pa = 0: the major axis points north, along v.
  CHECK(uv.factor(0, 1000) == Approx(0.5).epsilon(1e-12));
  CHECK(uv.factor(500, 0) == Approx(0.5).epsilon(1e-12));
  const UvTaper turned = UvTaper::from_uv_hwhm(1000, 500, std::numbers::pi / 2);
  CHECK(turned.factor(1000, 0) == Approx(0.5).epsilon(1e-12));
  CHECK(turned.factor(0, 500) == Approx(0.5).epsilon(1e-12));
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
  CHECK(same.value() == Approx(1 / std::sqrt(2 * 14.0)).epsilon(1e-12));
  SensitivitySum other;
  other.add(row(natural), row(imaging), 2);
  const double variance = 2 * (0.25 / 1 + 4.0 / 4 + 0.0625 / 9);
  CHECK(other.value() == Approx(std::sqrt(variance) / (2 * 2.75)).epsilon(1e-12));
  CHECK(SensitivitySum().value() == 0.0);
}
