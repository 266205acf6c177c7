// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <complex>

namespace skymill::kernels {

/// Planes whose sum of weights is not above this are zeroed. tclean takes 1e-7 (imaging.md 2.8),
/// but LOFAR's weights are of the order of 1e-12: only what is no weight at all is refused.
inline constexpr double kLeastSumOfWeights = 1e-30;

/// The visibilities that feed ONE image plane. Several data channels may feed a plane, each at
/// its own frequency. A sample counts when its weight is finite and > 0 and its visibility and
/// baseline are finite; the others are skipped. imaging.md 2.0 for signs.
struct PlaneSamples {
  View<const double, 2> uvw_m;             ///< [row][3], metres; w is not used by `standard`
  View<const double, 1> freq_hz;           ///< [chan]
  View<const std::complex<float>, 2> vis;  ///< [row][chan], Jy; may be empty for psf/predict
  View<const float, 2> weight;             ///< [row][chan] imaging weight; hands combined
};

}  // namespace skymill::kernels
