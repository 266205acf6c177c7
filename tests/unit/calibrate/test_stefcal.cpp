// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/stefcal.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <utility>

#include "noisy_cell.h"

using namespace skymill::kernels;

namespace {

GainSums cell(const std::vector<Complex>& gain, double noise = 0, std::uint64_t seed = 1) {
  return NoisyCell{gain, 3, noise, 1, seed}.sums();
}

/// Takes a baseline out.
void flag(GainSums& sums, std::size_t i, std::size_t j) { sums.set(i, j, 0, 0, 0, 0); }

double worst(const std::vector<Complex>& got, const std::vector<Complex>& truth,
             std::size_t refant) {
  const Complex turn = std::conj(truth[refant]) / std::abs(truth[refant]);
  double most = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    most = std::max(most, std::abs(got[i] / (truth[i] * turn) - 1.0));
  }
  return most;
}

std::size_t good(const GainSolution& solution) {
  return static_cast<std::size_t>(std::count(solution.flag.begin(), solution.flag.end(), 0));
}

}  // namespace

TEST_CASE("noise-free gains come back, with the reference antenna at phase 0") {
  StefcalOptions options;
  options.tolerance = 1e-9;
  options.refant = 2;
  for (const std::size_t antennas : {5, 12, 40}) {
    const std::vector<Complex> truth = scattered_gains(antennas);
    const GainSolution solution = stefcal(cell(truth), options);
    CHECK(solution.stop == GainStop::kConverged);
    CHECK(worst(solution.gain, truth, 2) < 1e-6);
    CHECK(solution.refant == 2);
    CHECK(solution.gain[2].imag() == 0);
    CHECK(good(solution) == antennas);
    CHECK(solution.snr[0] > 1e5);
  }
}

TEST_CASE("gains far from 1 are found as fast as others") {
  std::vector<Complex> truth = scattered_gains(10);
  for (Complex& gain : truth) gain *= 1e-4;
  StefcalOptions options;
  options.tolerance = 1e-9;
  options.refant = 0;
  const GainSolution solution = stefcal(cell(truth), options);
  CHECK(worst(solution.gain, truth, 0) < 1e-6);
  CHECK(solution.iterations < 60);
}

TEST_CASE("phase mode finds the phases whatever the amplitudes") {
  std::vector<Complex> truth = scattered_gains(12);
  StefcalOptions options;
  options.mode = GainMode::kPhase;
  options.tolerance = 1e-9;
  options.refant = 4;
  const GainSolution solution = stefcal(cell(truth), options);
  for (const Complex& gain : solution.gain) CHECK(std::abs(gain) == Approx(1).epsilon(1e-12));
  for (Complex& gain : truth) gain /= std::abs(gain);
  CHECK(worst(solution.gain, truth, 4) < 1e-6);
  // Amplitudes that differ from 1 are no noise.
  CHECK(solution.snr[0] > 1e5);
  CHECK(solution.error[0] * solution.snr[0] == Approx(1));
}

TEST_CASE("three antennas are enough for phases") {
  const std::vector<Complex> truth{std::polar(1.0, 0.3), std::polar(1.0, -2.0),
                                   std::polar(1.0, 1.1)};
  StefcalOptions options;
  options.mode = GainMode::kPhase;
  options.tolerance = 1e-9;
  options.min_baselines = 2;
  options.refant = 0;
  CHECK(worst(stefcal(cell(truth), options).gain, truth, 0) < 1e-6);
  options.mode = GainMode::kAmplitudePhase;
  CHECK(stefcal(cell(truth), options).stop == GainStop::kTooFew);
}

TEST_CASE("amplitude mode looks at |A| alone") {
  std::vector<Complex> truth = scattered_gains(9);
  StefcalOptions options;
  options.mode = GainMode::kAmplitude;
  options.tolerance = 1e-9;
  const GainSolution solution = stefcal(cell(truth), options);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    CHECK(solution.gain[i].imag() == 0);
    CHECK(solution.gain[i].real() == Approx(std::abs(truth[i])).epsilon(1e-6));
  }
}

TEST_CASE("numbers of an independent solver, calibration.md 5.2") {
  GainSums sums(6);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = i + 1; j < 6; ++j) {
      const auto x = static_cast<double>(i), y = static_cast<double>(j);
      const double b = 1 + static_cast<double>((i * j) % 3);
      const Complex a = std::polar(b * (1 + 0.3 * std::sin(x + 2 * y)),
                                   0.4 * (x - y) + 0.2 * std::sin(3 * x + y));
      sums.set(i, j, a, b, std::norm(a) / b, 1);
    }
  }
  const std::vector<Complex> both{
      {0.737529850, -0.722418830}, {0.857921721, -0.319636002}, {0.809761583, 0},
      {0.911768859, 0.471201963},  {0.810487744, 0.811162788},  {0.275852205, 0.935763274}};
  const std::vector<Complex> phase{
      {0.717870035, -0.696177142}, {0.931198924, -0.364511404}, {1, 0},
      {0.893736974, 0.448591374},  {0.710841247, 0.703352487},  {0.294912523, 0.955524256}};
  StefcalOptions options;
  options.tolerance = 1e-11;
  options.max_iterations = 1000;
  options.refant = 2;
  const GainSolution full = stefcal(sums, options);
  options.mode = GainMode::kPhase;
  const GainSolution turned = stefcal(sums, options);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(std::abs(full.gain[i] - both[i]) < 2e-9);
    CHECK(std::abs(turned.gain[i] - phase[i]) < 2e-9);
  }
}

TEST_CASE("chi squared and errors are those of the samples themselves") {
  const NoisyCell made{scattered_gains(7), 2, 0.8, 5, 3};
  StefcalOptions options;
  options.tolerance = 1e-10;
  const GainSolution solution = stefcal(made.sums(), options);
  double chi2 = 0, curvature = 0, samples = 0;
  made.for_each([&](std::size_t i, std::size_t j, Complex data, Complex model, double weight) {
    chi2 += weight * std::norm(data - solution.gain[i] * std::conj(solution.gain[j]) * model);
    if (i == 3) curvature += weight * std::norm(model * solution.gain[j]);
    if (j == 3) curvature += weight * std::norm(model * solution.gain[i]);
    ++samples;
  });
  CHECK(solution.chi2 == Approx(chi2).epsilon(1e-9));
  CHECK(solution.degrees_of_freedom == 2 * (samples - 7));
  const double error = std::sqrt(2 * chi2 / (2 * (samples - 7)) / curvature);
  CHECK(solution.error[3] == Approx(error).epsilon(1e-9));
  CHECK(solution.snr[3] == Approx(std::abs(solution.gain[3]) / error).epsilon(1e-9));
}

TEST_CASE("a dead antenna and one with too few baselines are dropped, the others stay exact") {
  const std::vector<Complex> truth = scattered_gains(9);
  GainSums sums = cell(truth);
  for (std::size_t j = 0; j < 9; ++j) {
    if (j != 4) flag(sums, 4, j);
    if (j > 2 && j != 7) flag(sums, 7, j);  // keeps 0, 1 and 2
  }
  StefcalOptions options;
  options.tolerance = 1e-9;
  options.refant = 4;
  const GainSolution solution = stefcal(sums, options);
  CHECK(good(solution) == 7);
  CHECK(solution.refant == 0);
  for (const std::size_t dropped : {4, 7}) {
    CHECK(solution.flag[dropped] == 1);
    CHECK(solution.gain[dropped] == Complex(1, 0));
    CHECK(solution.snr[dropped] == 0);
    CHECK(solution.error[dropped] == 0);
  }
  for (const std::size_t kept : {1, 2, 3, 5, 6, 8}) {
    const Complex expected = truth[kept] * std::conj(truth[0]) / std::abs(truth[0]);
    CHECK(std::abs(solution.gain[kept] - expected) < 1e-6);
  }
  options.min_baselines = 3;
  CHECK(good(stefcal(sums, options)) == 8);
}

TEST_CASE("dropping goes on while antennas lose their partners") {
  // 6 has four partners until 5 goes, which goes because it has three.
  GainSums sums = cell(scattered_gains(7));
  for (const std::size_t j : {0, 1, 2}) flag(sums, 5, j);
  for (const std::size_t j : {0, 1}) flag(sums, 6, j);
  StefcalOptions options;
  options.min_baselines = 4;
  const GainSolution solution = stefcal(sums, options);
  CHECK(solution.flag[5] == 1);
  CHECK(solution.flag[6] == 1);
  CHECK(good(solution) == 5);
}

TEST_CASE("of two groups without a baseline between them the larger is solved") {
  GainSums sums = cell(scattered_gains(11));
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 5; j < 11; ++j) flag(sums, i, j);
  }
  StefcalOptions options;
  options.refant = 1;
  const GainSolution solution = stefcal(sums, options);
  CHECK(good(solution) == 6);
  CHECK(solution.flag[1] == 1);
  CHECK(solution.refant == 5);
}

TEST_CASE("nothing to solve from, and no convergence, leave all flagged") {
  const GainSolution none = stefcal(GainSums(8), {});
  CHECK(none.stop == GainStop::kTooFew);
  CHECK(good(none) == 0);
  CHECK(none.refant == kNoAntenna);
  CHECK(stefcal(GainSums(0), {}).stop == GainStop::kTooFew);

  StefcalOptions hasty;
  hasty.max_iterations = 2;
  hasty.tolerance = 1e-12;
  const GainSolution unfinished = stefcal(cell(scattered_gains(8), 0.5), hasty);
  CHECK(unfinished.stop == GainStop::kIterations);
  CHECK(good(unfinished) == 0);

  GainSums broken = cell(scattered_gains(8));
  broken.a[3] = std::nan("");
  CHECK(good(stefcal(broken, {})) == 0);
}

TEST_CASE("solutions below the least SNR are flagged, in noise alone all but all of them") {
  std::vector<Complex> weak = scattered_gains(10);
  weak[6] *= 1e-3;
  StefcalOptions options;
  options.min_snr = 5;
  const GainSolution solution = stefcal(cell(weak, 0.05), options);
  CHECK(solution.flag[6] == 1);
  CHECK(good(solution) == 9);
}

TEST_CASE("arrays of the wrong size and options without sense are refused") {
  GainSums sums(5);
  sums.b.pop_back();
  CHECK_THROWS_AS(stefcal(sums, {}), std::invalid_argument);
  StefcalOptions options;
  options.tolerance = 0;
  CHECK_THROWS_AS(stefcal(GainSums(5), options), std::invalid_argument);
}

TEST_CASE("many cells give the same on one thread and on several, together and alone") {
  constexpr std::size_t kCells = 23, kAntennas = 9;
  std::vector<double> re, im, b, power;
  std::vector<std::uint32_t> samples;
  std::vector<GainSums> single;
  for (std::size_t k = 0; k < kCells; ++k) {
    single.push_back(cell(scattered_gains(kAntennas), 0.4, 100 + k));
    // Some lack an antenna, some a baseline, one has no data.
    for (std::size_t j = 0; j < kAntennas; ++j) {
      if (j != 3 && k % 5 == 1) flag(single.back(), 3, j);
    }
    if (k % 4 == 2) flag(single.back(), 2, 7);
    if (k == 17) single.back() = GainSums(kAntennas);
  }
  for (std::size_t i = 0; i < kAntennas; ++i) {
    for (std::size_t j = i + 1; j < kAntennas; ++j) {
      for (const GainSums& one : single) {
        const std::size_t at = i * kAntennas + j;
        re.push_back(one.a[at].real());
        im.push_back(one.a[at].imag());
        b.push_back(one.b[at]);
        power.push_back(one.power[at]);
        samples.push_back(one.samples[at]);
      }
    }
  }
  const GainCells cells{kAntennas, kCells,       re.data(),     im.data(),
                        b.data(),  power.data(), samples.data()};
  for (const GainMode mode : {GainMode::kAmplitudePhase, GainMode::kPhase, GainMode::kAmplitude}) {
    for (const bool robust : {false, true}) {
      StefcalOptions options;
      options.mode = mode;
      options.robust = robust;
      const auto one = stefcal_cells(cells, options, 1);
      const auto several = stefcal_cells(cells, options, 4);
      for (std::size_t k = 0; k < kCells; ++k) {
        const GainSolution alone = stefcal(single[k], options);
        CHECK(one[k].gain == several[k].gain);
        CHECK(one[k].snr == several[k].snr);
        CHECK(one[k].gain == alone.gain);
        CHECK(one[k].snr == alone.snr);
        CHECK(one[k].iterations == alone.iterations);
        CHECK(one[k].stop == alone.stop);
      }
      CHECK(one[0].gain != one[5].gain);
      CHECK(one[17].stop == GainStop::kTooFew);
    }
  }
}

TEST_CASE("with robust weights a few wild baselines hardly matter") {
  const std::vector<Complex> truth = scattered_gains(16);
  GainSums sums = cell(truth, 0.05);
  for (const auto& [i, j] : {std::pair{0, 5}, {3, 9}, {2, 11}, {7, 8}, {10, 14}}) {
    const std::size_t at = static_cast<std::size_t>(i) * 16 + static_cast<std::size_t>(j);
    sums.set(static_cast<std::size_t>(i), static_cast<std::size_t>(j),
             sums.a[at] + Complex(60, -40) / (0.05 * 0.05), sums.b[at], sums.power[at] * 10, 1);
  }
  StefcalOptions options;
  options.refant = 6;
  const double plain = worst(stefcal(sums, options).gain, truth, 6);
  options.robust = true;
  const double robust = worst(stefcal(sums, options).gain, truth, 6);
  const double clean = worst(stefcal(cell(truth, 0.05), options).gain, truth, 6);
  CAPTURE(plain, robust, clean);
  CHECK(plain > 0.3);
  CHECK(robust < 2 * clean);
}
