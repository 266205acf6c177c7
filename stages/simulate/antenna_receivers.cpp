// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/simulate/antenna_receivers.h>
#include <stages/simulate/counted_random.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kFirstOutrigger = 103;  // dsa110.md 1.1
constexpr double kShortestRippleHz = 15e6, kLongestRippleHz = 60e6;
constexpr double kNotchDepth = 0.8, kNotchWidthHz = 0.5e6;

}  // namespace

std::vector<AntennaReceiver> random_receivers(const std::vector<std::string>& names,
                                              const ReceiverErrors& errors, std::uint64_t seed) {
  for (const std::string& name : errors.dead_antennas) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw Error(ErrorKind::description,
                "dead_antennas has '" + name + "', which is none of those simulated");
  }
  const CountedRandom random(seed ^ 0x7265636569766572ULL);
  std::vector<AntennaReceiver> receivers;
  for (const std::string& name : names) {
    AntennaReceiver receiver;
    receiver.antenna = name;
    receiver.dead = std::find(errors.dead_antennas.begin(), errors.dead_antennas.end(), name) !=
                    errors.dead_antennas.end();
    const int station = std::stoi(name);
    const double spread_s = station < kFirstOutrigger ? errors.delay_s : errors.outrigger_delay_s;
    // By the station's number, so that an antenna is the same whichever others take part.
    const CountedRandom its = random.child(static_cast<std::uint64_t>(station));
    for (std::size_t hand = 0; hand < 2; ++hand) {
      receiver.delay_s[hand] = spread_s * its.normal_pair(hand).real();
      receiver.ripple_period_hz[hand] =
          kShortestRippleHz + (kLongestRippleHz - kShortestRippleHz) * its.uniform(10 + hand);
      receiver.ripple_phase_rad[hand] = 2 * kPi * its.uniform(20 + hand);
    }
    receivers.push_back(std::move(receiver));
  }
  return receivers;
}

double bandpass_voltage(const Bandpass& bandpass, const AntennaReceiver& receiver, std::size_t hand,
                        double freq_hz, double place_in_subband) {
  double voltage =
      1 + bandpass.ripple * std::sin(2 * kPi * freq_hz / receiver.ripple_period_hz[hand] +
                                     receiver.ripple_phase_rad[hand]);
  voltage *= 1 - bandpass.edge * std::pow(place_in_subband, 8);
  for (const double notch_hz : bandpass.notches_hz) {
    const double offset = (freq_hz - notch_hz) / kNotchWidthHz;
    voltage *= 1 - kNotchDepth * std::exp(-0.5 * offset * offset);
  }
  return voltage;
}

std::complex<double> receiver_voltage(const Bandpass& bandpass, const AntennaReceiver& receiver,
                                      std::size_t hand, double freq_hz, double place_in_subband) {
  if (receiver.dead) return 0;
  const double turns = freq_hz * receiver.delay_s[hand];
  return bandpass_voltage(bandpass, receiver, hand, freq_hz, place_in_subband) *
         std::exp(std::complex<double>(0, 2 * kPi * (turns - std::nearbyint(turns))));
}

}  // namespace skymill::radio
