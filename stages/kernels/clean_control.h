// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace skymill::kernels {

/// What sets the depth of a minor cycle, imaging.md 3.6.
struct CycleParameters {
  double cyclefactor = 1.0;
  double minpsffraction = 0.05;
  double maxpsffraction = 0.8;
  double threshold = 0;  ///< Jy/beam
};

/// clip(cyclefactor * sidelobe_level, minpsffraction, maxpsffraction).
/// Throws std::invalid_argument when the limits are negative or out of order.
double psf_fraction(const CycleParameters& parameters, double sidelobe_level);

/// max(threshold, peak_in_mask * psf_fraction), Jy/beam; the peak is max|r|.
double cyclethreshold(const CycleParameters& parameters, double sidelobe_level,
                      double peak_in_mask);

/// min(user's cycleniter or niter, niter - done); `cycleniter` <= 0 means niter. 0 when done.
std::size_t iterations_of_cycle(std::ptrdiff_t cycleniter, std::size_t niter, std::size_t done);

}  // namespace skymill::kernels
