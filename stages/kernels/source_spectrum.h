// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace skymill::kernels {

/// Adds scale * flux[c] * exp(2πi turns_per_hz freq_hz[c]) to n channels: what one source gives to
/// one row, with turns_per_hz = (ul + vm + w(n-1))/c for u, v, w in metres. To 1e-13 of the flux as
/// long as the turns are below 1e6; the same bits for the same source and row on one machine.
void add_source_spectrum(double scale, const double* flux, const double* freq_hz, std::size_t n,
                         double turns_per_hz, double* re, double* im);

/// The same where channels are step_hz apart, to 1e-3 Hz or so: phasors follow one from the other,
/// anew from the frequency every 128 channels, at a tenth of the cost.
void add_source_spectrum(double scale, const double* flux, const double* freq_hz, std::size_t n,
                         double turns_per_hz, double step_hz, double* re, double* im);

}  // namespace skymill::kernels
