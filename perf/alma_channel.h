// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/samples.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

namespace skymill::perf {

using Complex = std::complex<float>;

constexpr std::size_t kAntennas = 40;
constexpr std::size_t kSamples = 436569;
constexpr double kFreq = 268.5e9;  // Hz
constexpr double kArcsec = std::numbers::pi / 180 / 3600;

/// One channel of an ALMA-like observation, as the gridders take it.
struct AlmaChannel {
  std::vector<double> uvw;
  std::vector<double> freq{kFreq};
  std::vector<Complex> vis;
  std::vector<float> weight;

  kernels::PlaneSamples samples() const {
    const std::size_t rows = weight.size();
    return {{uvw.data(), {rows, 3}},
            {freq.data(), {1}},
            {vis.data(), {rows, 1}},
            {weight.data(), {rows, 1}}};
  }
};

constexpr int kTimes = 576;  // of kSamples

/// Three spiral arms seen in 3.5 hours around transit, at the declination of IRC+10216.
inline AlmaChannel observe(double longest_m, int times = kTimes) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  std::vector<std::array<double, 3>> xyz;
  const double latitude = -23.022886 * std::numbers::pi / 180;
  for (std::size_t k = 0; k < kAntennas; ++k) {
    const double step = static_cast<double>(k / 3) / 13;
    const double r =
        std::clamp(0.04 * std::pow(25.0, step + 0.012 * normal(random)), 0.01, 1.2) / 1.9;
    const double angle = static_cast<double>(k % 3) * 2 * std::numbers::pi / 3 +
                         1.045 * std::log(r * 47) + 0.12 * normal(random);
    const double east = longest_m * r * std::cos(angle);
    const double north = longest_m * 1.1 * r * std::sin(angle);
    xyz.push_back({-std::sin(latitude) * north, east, std::cos(latitude) * north});
  }
  AlmaChannel channel;
  std::normal_distribution<float> noise;
  const double dec = 13.28 * std::numbers::pi / 180;
  for (int t = 0; t < times; ++t) {
    const double h = (static_cast<double>(t) / times - 0.44) * 3.5 * std::numbers::pi / 12;
    for (std::size_t a = 0; a < kAntennas; ++a) {
      for (std::size_t b = a + 1; b < kAntennas && channel.weight.size() < kSamples; ++b) {
        const double x = xyz[b][0] - xyz[a][0];
        const double y = xyz[b][1] - xyz[a][1];
        const double z = xyz[b][2] - xyz[a][2];
        const double toward = std::cos(h) * x - std::sin(h) * y;
        channel.uvw.insert(channel.uvw.end(), {std::sin(h) * x + std::cos(h) * y,
                                               -std::sin(dec) * toward + std::cos(dec) * z,
                                               std::cos(dec) * toward + std::sin(dec) * z});
        channel.vis.emplace_back(1 + noise(random), noise(random));
        channel.weight.push_back(1 + 0.2F * std::abs(noise(random)));
      }
    }
  }
  return channel;
}

}  // namespace skymill::perf
