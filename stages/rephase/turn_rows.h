// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace skymill::radio {

/// Turns the visibilities of one moment by antenna: V_12 becomes V_12 exp(-2 pi i (d1 - d2) nu/c).
///
/// An antenna's phases are computed once, in double precision, and serve all its baselines.
class TurnRows {
 public:
  /// @param freq_hz    channel frequencies, as the data have them
  /// @param antennas   how many there are
  TurnRows(std::vector<double> freq_hz, std::size_t antennas);

  /// Takes the path lengths of another moment, metres, [antenna].
  void set_paths(std::vector<double> path_m);

  /// Turns one row, [channel][correlation], in place. `sign` is 1, or -1 for a row that holds the
  /// conjugate (its uvw are second antenna minus first).
  void turn(std::size_t antenna1, std::size_t antenna2, int sign, std::size_t ncorr,
            std::complex<float>* row);

  /// Bytes held.
  static std::size_t bytes(std::size_t antennas, std::size_t channels) {
    return antennas * (channels * 2 * sizeof(float) + sizeof(double) + 1);
  }

 private:
  const float* phasors(std::size_t antenna);

  std::vector<double> freq_hz_;
  std::vector<double> path_m_;
  std::vector<char> ready_;      // [antenna]
  std::vector<float> phasors_;   // [antenna][cosine, sine][channel]
  std::vector<float> baseline_;  // [cosine, sine][channel] of the row at hand
};

}  // namespace skymill::radio
