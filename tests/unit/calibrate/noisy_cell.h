// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/stefcal.h>
#include <stages/simulate/counted_random.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

using Complex = std::complex<double>;

/// Gains of amplitude 0.6 to 1.5 and any phase.
inline std::vector<Complex> scattered_gains(std::size_t antennas) {
  std::vector<Complex> gain;
  for (std::size_t i = 0; i < antennas; ++i) {
    const auto x = static_cast<double>(i);
    gain.push_back(std::polar(1.05 + 0.45 * std::sin(1.7 * x + 0.3), 2.4 * x + 0.5));
  }
  return gain;
}

/// Samples of a solution cell, D = g_i conj(g_j) M + noise, the same at every look.
struct NoisyCell {
  std::vector<Complex> gain;
  double flux = 1;        ///< |M|; its phase differs from sample to sample
  double noise = 0;       ///< standard deviation of the real and of the imaginary part
  std::size_t times = 1;  ///< samples per baseline
  std::uint64_t seed = 1;

  template <class F>
  void for_each(F see) const {
    const radio::CountedRandom random(seed);
    const double weight = noise > 0 ? 1 / (noise * noise) : 1;
    std::uint64_t counter = 0;
    for (std::size_t i = 0; i < gain.size(); ++i) {
      for (std::size_t j = i + 1; j < gain.size(); ++j) {
        for (std::size_t t = 0; t < times; ++t, ++counter) {
          const Complex model = std::polar(flux, 0.7 * static_cast<double>(counter));
          const Complex data =
              gain[i] * std::conj(gain[j]) * model + noise * random.normal_pair(counter);
          see(i, j, data, model, weight);
        }
      }
    }
  }

  GainSums sums() const {
    GainSums sums(gain.size());
    std::vector<Complex> a(gain.size() * gain.size());
    std::vector<double> b(a.size(), 0), power(a.size(), 0);
    for_each([&](std::size_t i, std::size_t j, Complex data, Complex model, double weight) {
      const std::size_t at = i * gain.size() + j;
      a[at] += weight * data * std::conj(model);
      b[at] += weight * std::norm(model);
      power[at] += weight * std::norm(data);
      sums.set(i, j, a[at], b[at], power[at], sums.samples[at] + 1);
    });
    return sums;
  }
};

}  // namespace skymill::kernels
