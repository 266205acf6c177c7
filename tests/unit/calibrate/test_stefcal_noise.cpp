// SPDX-License-Identifier: GPL-3.0-or-later
// How near the solver comes to what the noise allows at best.
#include <stages/kernels/stefcal.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "noisy_cell.h"

using namespace skymill::kernels;

namespace {

/// Inverse of a symmetric positive matrix by Gauss and Jordan.
std::vector<std::vector<double>> inverse(std::vector<std::vector<double>> m) {
  const std::size_t n = m.size();
  std::vector<std::vector<double>> result(n, std::vector<double>(n, 0));
  for (std::size_t k = 0; k < n; ++k) result[k][k] = 1;
  for (std::size_t k = 0; k < n; ++k) {
    const double pivot = m[k][k];
    for (std::size_t c = 0; c < n; ++c) {
      m[k][c] /= pivot;
      result[k][c] /= pivot;
    }
    for (std::size_t r = 0; r < n; ++r) {
      if (r == k) continue;
      const double factor = m[r][k];
      for (std::size_t c = 0; c < n; ++c) {
        m[r][c] -= factor * m[k][c];
        result[r][c] -= factor * result[k][c];
      }
    }
  }
  return result;
}

/// Least possible standard deviations (Cramér and Rao) of amplitudes, and of phases against
/// antenna 0: the model's derivatives by an amplitude and by a phase are a quarter turn apart, so
/// the two do not mix.
struct Bound {
  std::vector<double> amplitude;
  std::vector<double> phase;
};

Bound bound(const NoisyCell& cell) {
  const std::size_t n = cell.gain.size();
  std::vector<std::vector<double>> by_amplitude(n, std::vector<double>(n, 0));
  std::vector<std::vector<double>> by_phase = by_amplitude;
  cell.for_each([&](std::size_t i, std::size_t j, Complex, Complex model, double weight) {
    const double ai = std::abs(cell.gain[i]), aj = std::abs(cell.gain[j]);
    const double information = weight * std::norm(model);
    by_amplitude[i][i] += information * aj * aj;
    by_amplitude[j][j] += information * ai * ai;
    by_amplitude[i][j] += information * ai * aj;
    by_amplitude[j][i] = by_amplitude[i][j];
    by_phase[i][i] += information * ai * ai * aj * aj;
    by_phase[j][j] += information * ai * ai * aj * aj;
    by_phase[i][j] -= information * ai * ai * aj * aj;
    by_phase[j][i] = by_phase[i][j];
  });
  by_phase.erase(by_phase.begin());
  for (auto& row : by_phase) row.erase(row.begin());
  Bound bound;
  const auto amplitude = inverse(by_amplitude), phase = inverse(by_phase);
  for (std::size_t k = 0; k < n; ++k) bound.amplitude.push_back(std::sqrt(amplitude[k][k]));
  for (std::size_t k = 0; k + 1 < n; ++k) bound.phase.push_back(std::sqrt(phase[k][k]));
  return bound;
}

/// Deviations in units of the bound.
struct Scatter {
  double sum = 0, squares = 0, count = 0;
  void add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double rms() const { return std::sqrt(squares / count); }
  double mean() const { return sum / count; }
};

struct Figures {
  Scatter amplitude, phase;
  Scatter error;  ///< of the complex gains in units of the error that the solver states
};

Figures solve_many(GainMode mode, double noise) {
  constexpr std::size_t kCells = 400;
  NoisyCell cell{scattered_gains(14), 1, noise, 3, 0};
  if (mode == GainMode::kPhase) {
    for (Complex& gain : cell.gain) gain /= std::abs(gain);
  }
  const Bound best = bound(cell);
  StefcalOptions options;
  options.mode = mode;
  options.refant = 0;
  Figures figures;
  for (std::size_t k = 0; k < kCells; ++k) {
    cell.seed = 1000 + k;
    const GainSolution solution = stefcal(cell.sums(), options);
    REQUIRE(solution.stop == GainStop::kConverged);
    for (std::size_t i = 1; i < cell.gain.size(); ++i) {
      const Complex truth = cell.gain[i] * std::conj(cell.gain[0]) / std::abs(cell.gain[0]);
      figures.phase.add(std::arg(solution.gain[i] / truth) / best.phase[i - 1]);
      figures.amplitude.add((std::abs(solution.gain[i]) - std::abs(truth)) / best.amplitude[i]);
      figures.error.add(std::abs(solution.gain[i] - truth) / solution.error[i]);
    }
  }
  return figures;
}

void check_bound(const Scatter& scatter) {
  // Below 1 by more than chance would mean that the bound, or the test, is wrong.
  CHECK(scatter.rms() < 1.2);
  CHECK(scatter.rms() > 0.95);
  CHECK(std::abs(scatter.mean()) < 0.1);
}

}  // namespace

TEST_CASE("noisy gains scatter as little as the noise allows, around the truth") {
  for (const double noise : {0.05, 0.3}) {
    const Figures figures = solve_many(GainMode::kAmplitudePhase, noise);
    CAPTURE(noise, figures.amplitude.rms(), figures.amplitude.mean(), figures.phase.rms(),
            figures.phase.mean());
    check_bound(figures.amplitude);
    check_bound(figures.phase);
    // The stated error leaves out that antennas share their errors and that antenna 0 has its own.
    CHECK(figures.error.rms() > 0.9);
    CHECK(figures.error.rms() < 1.3);
  }
}

TEST_CASE("noisy phases alone scatter as little as the noise allows") {
  const Figures figures = solve_many(GainMode::kPhase, 0.3);
  CAPTURE(figures.phase.rms(), figures.phase.mean());
  check_bound(figures.phase);
}
