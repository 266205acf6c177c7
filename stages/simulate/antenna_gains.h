// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio {

/// Complex gains of an antenna's two hands; the visibility of antennas i and j comes out as
/// g_i conj(g_j) times the true one.
struct AntennaGain {
  std::string antenna;
  std::complex<double> hand[2] = {1, 1};
  /// The phase of both hands wanders besides: swing sin(2π (time / period + start)).
  double swing_rad = 0;
  double period_s = 1;
  double start_turns = 0;

  /// The gain at a time, seconds since the start of the observation.
  std::complex<double> at(std::size_t which, double time_s) const;
};

/// Lets the phase of each antenna wander with a standard deviation, and a period of its own from
/// half to three halves of that which is given.
void add_drift(double phase_error_rad, double period_s, std::uint64_t seed,
               std::vector<AntennaGain>& gains);

/// Gains with normally distributed errors of amplitude (a fraction) and phase.
/// @param names of the antennas
std::vector<AntennaGain> random_gains(const std::vector<std::string>& names, double amplitude_error,
                                      double phase_error_rad, std::uint64_t seed);

}  // namespace skymill::radio
