// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/gains/correction.h>
#include <stages/kernels/delay_fit.h>
#include <stages/kernels/find_interference.h>
#include <stages/kernels/stefcal.h>
#include "kernel_bench.h"
#include "rows_to_correct.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <memory>
#include <numbers>
#include <random>
#include <stdexcept>
#include <vector>

namespace skymill::perf {
namespace {

using namespace skymill::kernels;
using namespace skymill::radio;

constexpr std::size_t kStations = 64;
constexpr std::size_t kPairs = kStations * (kStations - 1) / 2;
constexpr std::size_t kChannels = 32;

/// Sums of baselines and channels: gains of many phases, delays of nanoseconds, and noise.
struct Sums {
  std::vector<double> re, im, b, power, freq_hz;
  std::vector<std::uint32_t> samples;

  Sums() : b(kPairs * kChannels, 1), power(kPairs * kChannels, 9), samples(kPairs * kChannels, 8) {
    std::mt19937 random(3);
    std::normal_distribution<double> noise(0, 0.3);
    std::uniform_real_distribution<double> delay(-4e-8, 4e-8), turn(0, 6.28);
    std::vector<double> delay_s, phase;
    for (std::size_t a = 0; a < kStations; ++a) {
      delay_s.push_back(delay(random));
      phase.push_back(turn(random));
    }
    for (std::size_t c = 0; c < kChannels; ++c) {
      freq_hz.push_back(1.28e9 + kWidth_hz * static_cast<double>(c));
    }
    for (std::size_t i = 0; i < kStations; ++i) {
      for (std::size_t j = i + 1; j < kStations; ++j) {
        for (const double freq : freq_hz) {
          const double angle = 2 * std::numbers::pi * (delay_s[i] - delay_s[j]) * (freq - 1.284e9) +
                               phase[i] - phase[j];
          re.push_back(3 * std::cos(angle) + noise(random));
          im.push_back(3 * std::sin(angle) + noise(random));
        }
      }
    }
  }
};

std::function<void()> gain_solving() {
  const auto sums = std::make_shared<Sums>();
  return [=] {
    const auto solutions = stefcal_cells({kStations, kChannels, sums->re.data(), sums->im.data(),
                                          sums->b.data(), sums->power.data(), sums->samples.data()},
                                         {}, 1);
    if (solutions[0].stop != GainStop::kConverged) throw std::runtime_error("no gains");
  };
}

std::function<void()> delay_solving() {
  const auto sums = std::make_shared<Sums>();
  return [=] {
    const auto solution = fit_delays(
        {kStations, kChannels, kChannels, sums->re.data(), sums->im.data(), sums->b.data()},
        sums->freq_hz, {});
    if (!solution.converged) throw std::runtime_error("no delays");
  };
}

std::function<void()> applying() {
  const auto header = header_of(24, 256);
  Calibration calibration;
  for (const JonesTerm term : {JonesTerm::K, JonesTerm::B, JonesTerm::G}) {
    calibration.terms.push_back(std::make_shared<const Solutions>(term_of(term, header)));
  }
  const auto correction = std::make_shared<Correction>(calibration, CorrectionOptions{});
  const auto rows = std::make_shared<Visibilities>(rows_of(header));
  const auto given = std::make_shared<Visibilities>(*rows);
  return [=] {
    rows->data = given->data;
    rows->weight = given->weight;
    (*correction)(*rows);
  };
}

/// Amplitudes of a baseline with a carrier and a burst.
std::vector<float> amplitudes(std::size_t times, std::size_t channels) {
  std::mt19937 random(5);
  std::normal_distribution<float> noise;
  std::vector<float> amplitude;
  for (std::size_t t = 0; t < times; ++t) {
    for (std::size_t c = 0; c < channels; ++c) {
      const bool bad = c == channels / 7 || (c / 4 == channels / 8 && t > 5 && t < 12);
      amplitude.push_back(std::hypot(noise(random) + 1, noise(random)) + (bad ? 8.0F : 0.0F));
    }
  }
  return amplitude;
}

std::function<void()> sum_threshold() {
  constexpr BaselineShape kShape{24, 1, 768};
  const auto amplitude =
      std::make_shared<std::vector<float>>(amplitudes(kShape.times, kShape.nchan));
  const auto bits =
      std::make_shared<std::vector<std::uint8_t>>(kShape.times * found_bytes(kShape.nchan));
  return [=] { find_interference({amplitude->data()}, kShape, {}, 1, {bits->data()}); };
}

}  // namespace

std::vector<KernelBench> calibration_benches() {
  return {{"gain_solve", 80, 1, true, gain_solving},
          {"delay_solve", 30, 1, true, delay_solving},
          {"apply", 300, 1, true, applying},
          {"sum_threshold", 80, 1, true, sum_threshold}};
}

}  // namespace skymill::perf
