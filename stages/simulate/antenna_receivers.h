// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio {

/// Shape of the bandpasses, the same for all antennas but for the place of the ripple.
struct Bandpass {
  double ripple = 0;  ///< of the voltage, as a fraction
  double edge = 0;    ///< what the voltage has lost at the edges of a subband, as a fraction
  std::vector<double> notches_hz;
};

/// What lies between an antenna and the correlator, of its two hands each.
struct AntennaReceiver {
  std::string antenna;
  bool dead = false;  ///< nothing of the sky comes through; its noise does
  double delay_s[2] = {0, 0};
  double ripple_period_hz[2] = {1, 1};
  double ripple_phase_rad[2] = {0, 0};
};

/// Spread of the receivers.
struct ReceiverErrors {
  double delay_s = 0;            ///< standard deviation
  double outrigger_delay_s = 0;  ///< the same of the stations from number 103 on
  std::vector<std::string> dead_antennas;
};

/// @param names  station numbers of the DSA-110
/// @throws Error (description) when a dead antenna is not among them
std::vector<AntennaReceiver> random_receivers(const std::vector<std::string>& names,
                                              const ReceiverErrors& errors, std::uint64_t seed);

/// Voltage that a bandpass lets through at a frequency: the ripple, a sine over frequency, times
/// (1 - edge p⁸), times a dip of 80 % and of 0.5 MHz standard deviation for every notch.
/// @param place_in_subband  p, from -1 at its lower edge to 1 at its upper
double bandpass_voltage(const Bandpass& bandpass, const AntennaReceiver& receiver, std::size_t hand,
                        double freq_hz, double place_in_subband);

/// The same with the phase of the delay, exp(+2πi ν delay); 0 for a dead antenna. The visibility of
/// antennas i and j comes out as the product of the first's and the conjugate of the second's.
std::complex<double> receiver_voltage(const Bandpass& bandpass, const AntennaReceiver& receiver,
                                      std::size_t hand, double freq_hz, double place_in_subband);

}  // namespace skymill::radio
