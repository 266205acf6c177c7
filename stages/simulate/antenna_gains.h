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
};

/// Gains with normally distributed errors of amplitude (a fraction) and phase.
/// @param names of the antennas
std::vector<AntennaGain> random_gains(const std::vector<std::string>& names, double amplitude_error,
                                      double phase_error_rad, std::uint64_t seed);

}  // namespace skymill::radio
