// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// One polarisation's sums of all baselines by channel; those of baseline i < j and channel c
/// stand at baseline_number(antennas, i, j) * stride + c (see stefcal.h).
struct DelaySpectra {
  std::size_t antennas;
  std::size_t channels;
  std::size_t stride;
  const double* re;  ///< of Σ w D_ij conj(M_ij)
  const double* im;
  const double* b;  ///< Σ w |M_ij|²; 0 where there are no data
};

struct DelayOptions {
  double min_snr = 0;             ///< antennas below it are flagged
  std::size_t min_baselines = 4;  ///< antennas with fewer are left out
  double min_coverage = 0.25;     ///< of the channels; antennas with fewer are flagged
};

/// Delays with D_ij = g_i conj(g_j) M_ij, g(ν) = a exp(2πi τ ν + iφ), one per antenna. Only
/// differences between antennas are defined: that of `reference` is 0.
struct DelaySolution {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::vector<double> delay_s;     ///< 0 where flagged
  std::vector<std::uint8_t> flag;  ///< 1 = no solution
  std::vector<double> error_s;     ///< standard deviation; 0 where flagged
  std::vector<double> snr;         ///< of the peak; 0 where flagged
  std::size_t reference = kNone;
  bool too_few = false;    ///< antennas, for phases and amplitudes over the band
  bool converged = false;  ///< whether those were found
};

/// Delays of antennas from all baselines over one band (calibration.md 5.1).
///
/// The baselines to a strong antenna are transformed over the band, zero-padded, for first
/// delays; then each antenna's baselines to all the others, these turned by their delays and
/// summed up, eight times padded, for the peak, to which a parabola is fitted, and its SNR: |F|
/// over the rms of one component beside the peak (by the median absolute deviation). Delays and
/// phases of all antennas are then fitted together to all baselines by weighted least squares
/// (Gauss and Newton), which is what the noise allows at best. Unambiguous within ±1/(2 channel
/// spacing); flagged are delays at these edges, antennas with data in too few channels, and low
/// SNR.
/// @param freq_hz  of the channels, in any order; gaps are allowed
/// @throws std::invalid_argument when there are fewer than 4 channels, or when gaps make the band
///         longer than 2^20 channels
DelaySolution fit_delays(const DelaySpectra& spectra, const std::vector<double>& freq_hz,
                         const DelayOptions& options);

/// Bytes that fit_delays works in, at most.
std::size_t delay_fit_work_bytes(std::size_t antennas, std::size_t channels);

}  // namespace skymill::kernels
