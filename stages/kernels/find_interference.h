// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/sum_threshold.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

struct InterferenceParams {
  SumThresholdParams threshold;
  double time_share = 0.1;     ///< dilation along times: share of a run that need not be flagged;
                               ///< with 0.2 a block of six integrations grows on both sides
  double channel_share = 0.1;  ///< along channels: bursts are found over long runs already
  double of_times = 0.5;       ///< a channel of which more is flagged is flagged; 1 = none
  double of_channels = 0.6;    ///< an integration likewise, but not for a burst in half a band
};

/// Amplitudes of one row: out[corr][chan] = |data[chan][corr]|, not a number where the sample is
/// flagged or not finite.
void row_amplitudes(const std::complex<float>* data, const std::uint8_t* flag, std::size_t nchan,
                    std::size_t ncorr, float* out);

/// The size of a baseline's samples.
struct BaselineShape {
  std::size_t times = 0;
  std::size_t ncorr = 0;
  std::size_t nchan = 0;
  std::size_t cells() const { return times * ncorr * nchan; }
};

/// Finds the interference of baselines, each on its own, so that the result does not depend on the
/// number of threads. Correlations are looked at together: the mean of those that are there, each
/// less its median and over its scatter (of all samples of the baseline), times the root of their
/// number. So what all of them see stands out by that root more than in one, and what only one
/// sees by as much less; it is flagged in all.
/// @param amplitude  [baseline] -> [time][corr][chan] as row_amplitudes gives them
/// @param found      [baseline] -> [time][chan] in bits, the first in bit 0 of a byte; each
///                   integration begins with a byte
void find_interference(const std::vector<const float*>& amplitude, const BaselineShape& shape,
                       const InterferenceParams& params, std::size_t threads,
                       const std::vector<std::uint8_t*>& found);

/// Bytes of one integration of one baseline in `found`, and of what a thread needs.
inline std::size_t found_bytes(std::size_t nchan) { return (nchan + 7) / 8; }
std::size_t interference_scratch(const BaselineShape& shape);

}  // namespace skymill::kernels
