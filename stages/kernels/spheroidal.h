// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

namespace skymill::kernels {

inline constexpr int kKernelTaps = 7;            ///< width of the gridding kernel in cells
inline constexpr int kKernelReach = 3;           ///< taps on either side of the nearest cell
inline constexpr int kKernelOversampling = 100;  ///< look-up positions per cell
inline constexpr int kKernelOffsets = kKernelOversampling + 1;  ///< offsets -50..50

/// Schwab's rational approximation of the prolate spheroidal function (m = 6, alpha = 1) for
/// 0 <= |nu| <= 1; zero beyond. Schwab 1984 (NRAO VLA Scientific Memorandum 156), imaging.md 2.6.
double spheroidal(double nu);

/// Gridding kernel C[k] at k hundredths of a cell from its centre: (1 - nu^2) S(nu), nu = k/300,
/// zero for k >= 300. Throws std::invalid_argument for negative k. imaging.md 2.6.
double kernel_table(int k);

/// Seven taps, i = -3..3, for one look-up offset in hundredths of a cell (-50..50), divided by
/// their sum. Tap i weighs the cell at nearest + i when offset = nint((nearest - position)*100).
/// Throws std::invalid_argument for an offset outside that range. imaging.md 2.6 and 11.
std::array<double, kKernelTaps> normalised_taps(int offset);

}  // namespace skymill::kernels
