// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>

namespace skymill::radio {

/// Solutions that were flagged because of the others, by reason.
struct OutlierCounts {
  std::size_t amplitude = 0;   ///< further than a factor 5 from the median
  std::size_t channels = 0;    ///< bandpass: unlike the channels beside it
  std::size_t mostly_bad = 0;  ///< bandpass: what was left of more than three quarters of flags
};

/// Flags solutions that the others show to be wrong (calibration.md 5.4), in each interval:
/// amplitudes outside a fifth and five times the median over antennas and frequencies of a
/// polarisation; in a bandpass, channels of which amplitude or phase is further from the running
/// median than 7 standard deviations, those by the median absolute deviation and at least 1 % or
/// 0.01 rad (the median of the means of the channels at equal distances up to 4 on either side; the
/// 3 channels at each end have too few); and all of a bandpass of an antenna and polarisation of
/// whose channels, where others have solutions, more than three quarters are flagged. Delays are
/// left as they are.
OutlierCounts flag_outliers(Solutions& solutions);

}  // namespace skymill::radio
