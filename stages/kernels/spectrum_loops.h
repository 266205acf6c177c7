// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the inner loop of source_spectrum, for several instruction sets.
#pragma once

#include <cstddef>

namespace skymill::kernels {

inline constexpr std::size_t kSpectrumLanes = 16;  ///< channels side by side

/// Adds flux[c] times a phasor to n channels. The first phasors are those of at_re, at_im, which
/// are turned by the stride to the next so many channels.
using SpectrumLoop = void (*)(const double* flux, std::size_t n, const double* at_re,
                              const double* at_im, double stride_re, double stride_im, double* re,
                              double* im);

namespace spectrum_loops_baseline {
void add(const double*, std::size_t, const double*, const double*, double, double, double*,
         double*);
}
namespace spectrum_loops_avx2 {
void add(const double*, std::size_t, const double*, const double*, double, double, double*,
         double*);
}
namespace spectrum_loops_avx512 {
void add(const double*, std::size_t, const double*, const double*, double, double, double*,
         double*);
}

}  // namespace skymill::kernels
