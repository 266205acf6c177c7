// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/delay_fit.h>
#include <stages/kernels/stefcal.h>
#include <stages/simulate/counted_random.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <complex>

using namespace skymill::kernels;
using Catch::Matchers::Contains;

namespace {

using Complex = std::complex<double>;
constexpr double kTurn = 6.283185307179586;

/// Sums of all baselines of antennas with delays, phases and amplitudes, with noise.
struct Sky {
  std::vector<double> freq_hz;
  std::vector<double> delay_s;
  double noise = 0;  ///< of each component of each channel's sum, of which the signal is about 1
  std::uint64_t seed = 1;
  std::vector<double> re{}, im{}, b{};

  Complex gain(std::size_t antenna, double freq) const {
    const auto a = static_cast<double>(antenna);
    return std::polar(1 + 0.1 * std::sin(2.3 * a),
                      kTurn * delay_s[antenna] * (freq - freq_hz.front()) + 1.3 * a * a);
  }

  void make() {
    const skymill::radio::CountedRandom random(seed);
    const double weight = noise > 0 ? 1 / (noise * noise) : 1;
    std::uint64_t counter = 0;
    re.clear();
    im.clear();
    b.clear();
    for (std::size_t i = 0; i < delay_s.size(); ++i) {
      for (std::size_t j = i + 1; j < delay_s.size(); ++j) {
        for (const double freq : freq_hz) {
          const Complex value =
              gain(i, freq) * std::conj(gain(j, freq)) + noise * random.normal_pair(counter++);
          re.push_back(weight * value.real());
          im.push_back(weight * value.imag());
          b.push_back(weight);
        }
      }
    }
  }

  void flag(std::size_t i, std::size_t j, std::size_t channel) {
    const std::size_t at = baseline_number(delay_s.size(), i, j) * freq_hz.size() + channel;
    re[at] = im[at] = b[at] = 0;
  }

  DelaySolution solve(const DelayOptions& options = {}) const {
    return fit_delays(
        {delay_s.size(), freq_hz.size(), freq_hz.size(), re.data(), im.data(), b.data()}, freq_hz,
        options);
  }

  /// Largest error of a delay against the reference antenna, in turns over the band.
  double worst(const DelaySolution& solution) const {
    const std::size_t ref = solution.reference;
    double most = 0;
    for (std::size_t a = 0; a < delay_s.size(); ++a) {
      if (solution.flag[a] != 0) continue;
      most = std::max(most, std::abs(solution.delay_s[a] - delay_s[a] + delay_s[ref]));
    }
    return most * (freq_hz.back() - freq_hz.front());
  }
};

std::vector<double> channels(std::size_t n, double first_hz = 1.3e9, double step_hz = 1e6) {
  std::vector<double> freq_hz;
  for (std::size_t c = 0; c < n; ++c)
    freq_hz.push_back(first_hz + step_hz * static_cast<double>(c));
  return freq_hz;
}

std::vector<double> scattered_delays(std::size_t antennas, double most_s) {
  std::vector<double> delay_s;
  for (std::size_t a = 0; a < antennas; ++a) {
    delay_s.push_back(most_s * std::sin(2.9 * static_cast<double>(a) + 1));
  }
  return delay_s;
}

std::size_t flagged(const DelaySolution& solution) {
  return static_cast<std::size_t>(std::count(solution.flag.begin(), solution.flag.end(), 1));
}

}  // namespace

TEST_CASE("delays come back from data without noise, to both ends of the range") {
  for (const double most_s : {0.0, 3e-9, 5e-8, 2.2e-7}) {  // differences up to 4.4e-7 of 5e-7
    Sky sky{channels(64), scattered_delays(10, most_s)};
    sky.make();
    const DelaySolution solution = sky.solve();
    CHECK(solution.converged);
    CHECK(flagged(solution) == 0);
    CHECK(sky.worst(solution) < 1e-6);
    CHECK(solution.delay_s[solution.reference] == 0);
  }
}

TEST_CASE("windows with a gap, channels downwards and in any order make one band") {
  Sky sky{channels(24), scattered_delays(8, 1e-7)};
  const std::vector<double> upper = channels(24, 1.36e9);
  sky.freq_hz.insert(sky.freq_hz.end(), upper.rbegin(), upper.rend());
  sky.make();
  CHECK(sky.worst(sky.solve()) < 1e-6);
}

TEST_CASE("flagged channels, lost baselines and a dead antenna leave the others exact") {
  Sky sky{channels(64), scattered_delays(9, 8e-8)};
  sky.make();
  for (std::size_t c = 0; c < 64; ++c) {
    for (std::size_t j = 1; j < 9; ++j) {
      if (c % 7 == 3) sky.flag(0, j, c);
    }
    for (const std::size_t j : {3, 5, 6}) sky.flag(2, j, c);
    for (std::size_t i = 0; i < 9; ++i) {
      if (i != 4) sky.flag(std::min<std::size_t>(i, 4), std::max<std::size_t>(i, 4), c);
    }
  }
  const DelaySolution solution = sky.solve();
  CHECK(flagged(solution) == 1);
  CHECK(solution.flag[4] == 1);
  CHECK(solution.snr[4] == 0);
  CHECK(sky.worst(solution) < 1e-6);
}

TEST_CASE("an antenna of noise alone, one at the edge and one in few channels are flagged") {
  Sky sky{channels(64), scattered_delays(9, 2e-8), 0.3};
  sky.make();
  const skymill::radio::CountedRandom random(77);
  std::uint64_t counter = 0;
  for (std::size_t c = 0; c < 64; ++c) {
    for (std::size_t i = 0; i < 9; ++i) {
      if (i != 3) {
        const std::size_t at =
            baseline_number(9, std::min<std::size_t>(i, 3), std::max<std::size_t>(i, 3)) * 64 + c;
        const Complex noise = random.normal_pair(counter++) / 0.3;
        sky.re[at] = noise.real();
        sky.im[at] = noise.imag();
      }
      if (i != 6 && c > 12) {
        sky.flag(std::min<std::size_t>(i, 6), std::max<std::size_t>(i, 6), c);
      }
    }
  }
  DelayOptions options;
  options.min_snr = 8;
  const DelaySolution solution = sky.solve(options);
  CHECK(solution.flag[3] == 1);
  CHECK(solution.flag[6] == 1);
  CHECK(flagged(solution) == 2);

  Sky far{channels(64), std::vector<double>(8, 0)};
  far.delay_s[5] = 4.99e-7;  // half a turn from channel to channel: of either sign
  far.make();
  const DelaySolution edge = far.solve();
  CHECK(edge.flag[5] == 1);
  CHECK(flagged(edge) == 1);
}

TEST_CASE("nothing to solve from, and bands that make no sense") {
  Sky sky{channels(16), scattered_delays(8, 1e-8)};
  sky.make();
  std::fill(sky.b.begin(), sky.b.end(), 0);
  CHECK(sky.solve().too_few);
  CHECK(flagged(sky.solve()) == 8);
  sky.freq_hz.resize(3);
  CHECK_THROWS_AS(sky.solve(), std::invalid_argument);
  sky.freq_hz = {1e9, 1e9 + 1e3, 5e9, 6e9};
  CHECK_THROWS_AS(sky.solve(), std::invalid_argument);
}

TEST_CASE("noisy delays scatter as little as the noise allows, around the truth") {
  constexpr std::size_t kAntennas = 10, kChannels = 64, kTrials = 150;
  for (const double noise : {0.3, 1.2}) {
    Sky sky{channels(kChannels), scattered_delays(kAntennas, 5e-8), noise};
    // Cramér and Rao: antennas of about equal amplitude; delays do not mix with phases in the
    // band's middle, and 2/N of a baseline's information is what one of N antennas has.
    const double spread_hz = 1e6 * std::sqrt((kChannels * kChannels - 1) / 12.0);
    const double baseline_s = noise / (kTurn * spread_hz * std::sqrt(kChannels));
    double squares = 0, sum = 0, count = 0, stated = 0;
    for (std::size_t trial = 0; trial < kTrials; ++trial) {
      sky.seed = 50 + trial;
      sky.make();
      const DelaySolution solution = sky.solve();
      REQUIRE(solution.converged);
      for (std::size_t a = 0; a < kAntennas; ++a) {
        if (a == solution.reference) continue;
        const double ref_s = sky.delay_s[solution.reference];
        const double amplitude = std::abs(sky.gain(a, 1.3e9));
        const double bound_s = baseline_s * std::sqrt(2.0 / kAntennas) / amplitude;
        const double off = (solution.delay_s[a] - sky.delay_s[a] + ref_s) / bound_s;
        squares += off * off;
        sum += off;
        stated += solution.error_s[a] / (baseline_s / std::sqrt(kAntennas - 1.0) / amplitude);
        ++count;
      }
    }
    CAPTURE(noise, std::sqrt(squares / count), sum / count, stated / count);
    CHECK(std::sqrt(squares / count) < 1.2);
    CHECK(std::sqrt(squares / count) > 0.9);
    // All antennas of a trial share the reference antenna's error.
    CHECK(std::abs(sum / count) < 0.1);
    CHECK(stated / count == Approx(1).epsilon(0.15));
  }
}

TEST_CASE("the delays are those that fit all baselines best") {
  constexpr std::size_t kAntennas = 6;
  Sky sky{channels(32), scattered_delays(kAntennas, 3e-8), 0.5};
  sky.make();
  const DelaySolution solution = sky.solve();
  // χ² with the best amplitudes and phases for these delays.
  const auto misfit = [&](const std::vector<double>& delay_s) {
    GainSums sums(kAntennas);
    for (std::size_t i = 0; i < kAntennas; ++i) {
      for (std::size_t j = i + 1; j < kAntennas; ++j) {
        Complex all = 0;
        double b = 0;
        for (std::size_t c = 0; c < 32; ++c) {
          const std::size_t at = baseline_number(kAntennas, i, j) * 32 + c;
          all += Complex(sky.re[at], sky.im[at]) *
                 std::polar(1.0,
                            -kTurn * (delay_s[i] - delay_s[j]) * (sky.freq_hz[c] - sky.freq_hz[0]));
          b += sky.b[at];
        }
        sums.set(i, j, all, b, 100 * b, 32);
      }
    }
    StefcalOptions options;
    options.tolerance = 1e-9;
    options.max_iterations = 10000;
    return stefcal(sums, options).chi2;
  };
  std::vector<double> best = solution.delay_s;
  double least = misfit(best);
  for (double step_s = 1e-9; step_s > 1e-12; step_s /= 2) {
    for (int sweep = 0; sweep < 6; ++sweep) {
      for (std::size_t a = 1; a < kAntennas; ++a) {
        for (const double sign : {-1.0, 1.0}) {
          std::vector<double> tried = best;
          tried[a] += sign * step_s;
          const double here = misfit(tried);
          if (here >= least) continue;
          least = here;
          best = tried;
        }
      }
    }
  }
  for (std::size_t a = 1; a < kAntennas; ++a) {
    CHECK(std::abs(solution.delay_s[a] - best[a]) < 0.1 * solution.error_s[a]);
  }
}
