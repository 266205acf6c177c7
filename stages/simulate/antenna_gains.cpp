// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/simulate/antenna_gains.h>
#include <stages/simulate/counted_random.h>

namespace skymill::radio {

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
