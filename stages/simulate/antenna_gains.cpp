// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/simulate/antenna_gains.h>
#include <stages/simulate/counted_random.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;

}  // namespace

std::complex<double> AntennaGain::at(std::size_t which, double time_s) const {
  if (swing_rad == 0) return hand[which];
  return hand[which] *
         std::polar(1.0, swing_rad * std::sin(2 * kPi * (time_s / period_s + start_turns)));
}

void add_drift(double phase_error_rad, double period_s, std::uint64_t seed,
               std::vector<AntennaGain>& gains) {
  const CountedRandom random(seed ^ 0x6472696674ULL);
  for (std::size_t k = 0; k < gains.size(); ++k) {
    gains[k].swing_rad =
        std::sqrt(2.0) * phase_error_rad;  // of which a sine has the root mean square
    gains[k].period_s = period_s * (0.5 + random.uniform(2 * k));
    gains[k].start_turns = random.uniform(2 * k + 1);
  }
}

std::vector<AntennaGain> random_gains(const std::vector<std::string>& names, double amplitude_error,
                                      double phase_error_rad, std::uint64_t seed) {
  const CountedRandom random(seed ^ 0x6761696eULL);
  std::vector<AntennaGain> gains;
  for (std::size_t k = 0; k < names.size(); ++k) {
    AntennaGain gain;
    gain.antenna = names[k];
    for (std::size_t hand = 0; hand < 2; ++hand) {
      const auto errors = random.normal_pair(2 * k + hand);
      gain.hand[hand] = (1 + amplitude_error * errors.real()) *
                        std::exp(std::complex<double>(0, phase_error_rad * errors.imag()));
    }
    gains.push_back(std::move(gain));
  }
  return gains;
}

}  // namespace skymill::radio
