// SPDX-License-Identifier: GPL-3.0-or-later
// Delays, bandpasses, gains and what both hands share, solved one after the other.
#include <stages/simulate/counted_random.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "calibrator.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kTurn = 6.283185307179586;
constexpr std::size_t kAntennas = 14, kChannels = 24, kTimes = 6;
constexpr double kFlux = 3;
constexpr std::size_t kRef = 1;

double first_time_s() {
  static const double time_s = [] {
    SimulateParams params = calibrator_params();
    return small_observation(params).rows.time_s[0];
  }();
  return time_s;
}

/// Delay, bandpass and a gain that changes from integration to integration.
std::complex<double> receiver(std::size_t a, std::size_t c, std::size_t h, double time_s) {
  const auto x = static_cast<double>(a), f = static_cast<double>(c), p = static_cast<double>(h);
  const double t = (time_s - first_time_s()) / 10;
  const double delay_s = 40e-9 * std::sin(1.9 * x + p);
  const double ripple = 1 + 0.05 * std::sin(0.3 * f + x + p);
  const double drift = 1 + 0.02 * std::sin(0.9 * t + x);
  return std::polar(ripple * drift, kTurn * delay_s * 1e6 * f + 0.4 * t * std::sin(2.2 * x) +
                                        0.1 * std::sin(0.4 * f + x) + 1.1 * x + p);
}

/// What a term says the gain of an antenna is.
std::complex<double> gain_of(const Solutions& term, std::size_t a, std::size_t c, std::size_t h,
                             double time_s, double freq_hz) {
  std::size_t t = 0;
  while (t + 1 < term.intervals.size() && time_s > term.intervals[t].end_s) ++t;
  const std::size_t f = term.frequencies.size() > 1 ? c : 0;
  const std::size_t at = term.index(t, f, h, a);
  if (term.term != JonesTerm::K) return term.gain[at];
  return std::polar(1.0, 1e-9 * kTurn * static_cast<double>(term.delay_ns[at]) *
                             (freq_hz - term.frequencies[f].freq_hz));
}

GainOf total_of(const std::vector<Solutions>& terms, const ObservationHeader& header) {
  return [&](std::size_t a, std::size_t c, std::size_t h, double time_s) {
    std::complex<double> gain = 1;
    for (const Solutions& term : terms) {
      gain *= gain_of(term, a, c, h, time_s, header.spectral_windows[0].chan_freq_hz[c]);
    }
    return gain;
  };
}

/// Takes a term off the data: D / (g_i conj(g_j)).
void take_off(const Solutions& term, Visibilities& rows) {
  corrupt(
      [&](std::size_t a, std::size_t c, std::size_t h, double time_s) {
        return 1.0 /
               gain_of(term, a, c, h, time_s, rows.header->spectral_windows[0].chan_freq_hz[c]);
      },
      rows);
}

struct Step {
  const char* term;
  const char* solint;
};

/// Solves the steps one after the other, each on data corrected by those before.
std::vector<Solutions> solve_chain(const SmallObservation& all, const std::vector<Step>& steps,
                                   std::size_t rows_each = 100, int threads = 1) {
  Visibilities rows = all.rows;
  std::vector<Solutions> terms;
  for (const Step& step : steps) {
    SolveParams params = solve_params();
    params.flux = kFlux;
    params.term = step.term;
    params.solint = step.solint;
    params.solve_per = "auto";
    params.minsnr = 0;
    params.maxiter = 1000;
    terms.push_back(solve(params, in_chunks(rows, rows_each), all.header, threads));
    take_off(terms.back(), rows);
  }
  return terms;
}

SmallObservation observed(double noise, std::size_t seed = 1) {
  SimulateParams params = calibrator_params(noise);
  params.antennas = kAntennas;
  params.nchan = kChannels;
  params.times = kTimes;
  params.seed = seed;
  return small_observation(params);
}

/// What the simulation does to one component of a sample, from data without gains.
double sigma_of(double noise) {
  const SmallObservation plain = observed(noise, 99);
  double sigma2 = 0;
  for (const std::complex<float> value : plain.rows.data) {
    sigma2 += std::norm(std::complex<double>(value) - kFlux);
  }
  return std::sqrt(sigma2 / static_cast<double>(2 * plain.rows.data.size()));
}

/// Least standard deviations (Cramér and Rao) of gains near 1, where a baseline's mean has this
/// noise over signal: of relative amplitudes (N - 2) and 1 are the matrix of information, of phases
/// N and -1.
double amplitude_bound(double baseline) {
  constexpr double kN = kAntennas;
  return baseline * std::sqrt((1 - 1 / (2 * kN - 2)) / (kN - 2));
}
double phase_bound(double baseline) { return baseline * std::sqrt(2.0 / kAntennas); }

const std::vector<Step> kSteps{{"K", "inf"}, {"G", "int"}, {"B", "inf"}};

}  // namespace

TEST_CASE("perfect data come out as the model to 1e-5 after delays, gains and bandpasses") {
  SmallObservation all = observed(0);
  corrupt(receiver, all.rows);
  // A second look at the gains takes up what the unknown bandpass did to the first.
  std::vector<Step> steps = kSteps;
  for (int round = 0; round < 3; ++round) {
    steps.push_back({"G", "int"});
    steps.push_back({"B", "inf"});
  }
  steps.push_back({"T", "int"});
  const std::vector<Solutions> terms = solve_chain(all, steps);
  Visibilities rows = all.rows;
  for (const Solutions& term : terms) {
    CHECK(std::count(term.flag.begin(), term.flag.end(), 1) == 0);
    take_off(term, rows);
  }
  double most = 0;
  for (const std::complex<float> value : rows.data) {
    most = std::max<double>(most, std::abs(value / static_cast<float>(kFlux) - 1.0F));
  }
  CHECK(most < 1e-5);
}

TEST_CASE("with noise the chain is as good as the noise allows, at every SNR") {
  for (const double noise : {0.06, 0.6, 3.0}) {
    double squares_a = 0, squares_p = 0, sum_a = 0, sum_p = 0, count = 0;
    const double sigma = sigma_of(noise);
    for (std::size_t trial = 0; trial < 12; ++trial) {
      SmallObservation all = observed(noise, 10 + trial);
      // Noise of the sky's own strength whatever the gains: they are near 1.
      corrupt(receiver, all.rows);
      const std::vector<Solutions> terms = solve_chain(all, kSteps);
      const GainOf found = total_of(terms, *all.header);
      for (std::size_t t = 0; t < kTimes; ++t) {
        const double time_s = all.rows.time_s[t * kAntennas * (kAntennas - 1) / 2];
        for (std::size_t c = 0; c < kChannels; ++c) {
          for (std::size_t h = 0; h < 2; ++h) {
            const auto ref = found(kRef, c, h, time_s) / receiver(kRef, c, h, time_s);
            for (std::size_t a = 0; a < kAntennas; ++a) {
              if (a == kRef) continue;
              const auto ratio = found(a, c, h, time_s) / receiver(a, c, h, time_s);
              const double off_a = std::abs(ratio) - 1;
              const double off_p = std::arg(ratio * std::conj(ref));
              squares_a += off_a * off_a;
              squares_p += off_p * off_p;
              sum_a += off_a;
              sum_p += off_p;
              ++count;
            }
          }
        }
      }
    }
    // Bandpass and gain have a cell each.
    const double cells = 1.0 / kTimes + 1.0 / kChannels - 1.0 / (kTimes * kChannels);
    const double baseline = sigma / kFlux * std::sqrt(cells);
    const double bound_a = amplitude_bound(baseline), bound_p = phase_bound(baseline);
    const double rms_a = std::sqrt(squares_a / count), rms_p = std::sqrt(squares_p / count);
    CAPTURE(noise, rms_a, rms_p, rms_a / bound_a, rms_p / bound_p, sum_a / count / bound_a,
            sum_p / count / bound_p);
    CHECK(rms_a < 1.2 * bound_a);
    CHECK(rms_p < 1.2 * bound_p);
    CHECK(rms_a > 0.8 * bound_a);
    CHECK(std::abs(sum_a / count) < 0.1 * bound_a);
    CHECK(std::abs(sum_p / count) < 0.1 * bound_p);
    // SNR of an antenna over the data that a solution comes from.
    if (1 / bound_a > 100) {
      CHECK(rms_a < 0.01);
      CHECK(rms_p < 0.5 * kTurn / 360);
    }
  }
}

TEST_CASE("with noise T is as good as the noise of both hands together allows") {
  // Near 1, so that one bound holds for all antennas.
  const GainOf shared = [](std::size_t a, std::size_t, std::size_t, double time_s) {
    const double x = static_cast<double>(a), t = (time_s - first_time_s()) / 10;
    return std::polar(1 + 0.03 * std::sin(0.9 * t + x), 0.4 * t * std::sin(2.2 * x) + 1.1 * x);
  };
  for (const double noise : {0.6, 6.0, 15.0}) {
    double squares_a = 0, squares_p = 0, sum_a = 0, sum_p = 0, count = 0;
    for (std::size_t trial = 0; trial < 40; ++trial) {
      SmallObservation all = observed(noise, 200 + trial);
      corrupt(shared, all.rows);
      const Solutions term = solve_chain(all, {{"T", "int"}}).front();
      REQUIRE(term.intervals.size() == kTimes);
      for (std::size_t t = 0; t < kTimes; ++t) {
        const double time_s = all.rows.time_s[t * kAntennas * (kAntennas - 1) / 2];
        const auto ratio = [&](std::size_t a) {
          return gain_of(term, a, 0, 0, time_s, 0) / shared(a, 0, 0, time_s);
        };
        for (std::size_t a = 0; a < kAntennas; ++a) {
          CHECK(term.flag[term.index(t, 0, 0, a)] == 0);
          if (a == kRef) continue;
          const double off_a = std::abs(ratio(a)) - 1;
          const double off_p = std::arg(ratio(a) * std::conj(ratio(kRef)));
          squares_a += off_a * off_a;
          squares_p += off_p * off_p;
          sum_a += off_a;
          sum_p += off_p;
          ++count;
        }
      }
    }
    const double baseline = sigma_of(noise) / kFlux / std::sqrt(2.0 * kChannels);
    const double bound_a = amplitude_bound(baseline), bound_p = phase_bound(baseline);
    const double rms_a = std::sqrt(squares_a / count), rms_p = std::sqrt(squares_p / count);
    CAPTURE(noise, rms_a / bound_a, rms_p / bound_p, sum_a / count / bound_a,
            sum_p / count / bound_p);
    for (const double ratio : {rms_a / bound_a, rms_p / bound_p}) {
      CHECK(ratio < 1.2);
      CHECK(ratio > 0.9);
    }
    CHECK(std::abs(sum_a / count) < 0.1 * bound_a);
    CHECK(std::abs(sum_p / count) < 0.1 * bound_p);
  }
}

TEST_CASE("neither threads nor chunks change a bit of any term") {
  SmallObservation all = observed(0.5);
  corrupt(receiver, all.rows);
  const std::vector<Solutions> one = solve_chain(all, kSteps, 1000, 1);
  for (const auto& [rows_each, threads] : {std::pair{91, 2}, {37, 8}, {546, 1}, {546, 3}}) {
    const std::vector<Solutions> other =
        solve_chain(all, kSteps, static_cast<std::size_t>(rows_each), threads);
    for (std::size_t k = 0; k < one.size(); ++k) {
      CHECK(one[k].gain == other[k].gain);
      CHECK(one[k].delay_ns == other[k].delay_ns);
      CHECK(one[k].snr == other[k].snr);
      CHECK(one[k].error == other[k].error);
      CHECK(one[k].flag == other[k].flag);
      CHECK(one[k].refant == other[k].refant);
    }
  }
}

TEST_CASE("dead antennas, the reference antenna among them, leave the others right") {
  SmallObservation all = observed(0.06);
  corrupt(receiver, all.rows);
  flag_antenna(static_cast<std::int32_t>(kRef), all.rows);
  flag_antenna(7, all.rows);
  const std::vector<Solutions> terms = solve_chain(all, kSteps);
  const GainOf found = total_of(terms, *all.header);
  for (const Solutions& term : terms) {
    for (std::size_t k = 0; k < term.flag.size(); ++k) {
      const std::size_t a = k % kAntennas;
      CHECK((term.flag[k] != 0) == (a == kRef || a == 7));
    }
  }
  const auto ref = static_cast<std::size_t>(terms[1].refant[0]);
  const double time_s = all.rows.time_s[0];
  for (std::size_t a = 0; a < kAntennas; ++a) {
    if (a == kRef || a == 7) continue;
    const auto ratio = found(a, 5, 1, time_s) / receiver(a, 5, 1, time_s);
    const auto of_ref = found(ref, 5, 1, time_s) / receiver(ref, 5, 1, time_s);
    CHECK(std::abs(ratio / of_ref - 1.0) < 0.02);
  }
}
