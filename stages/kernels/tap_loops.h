// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the inner loops of WGridder, compiled for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skymill::kernels {

/// Where a sample meets the grid.
template <class Real>
struct TapPlace {
  Real u;                ///< argument of the polynomials across lines, in [-1, 1]
  Real v;                ///< argument of the polynomials along a line
  std::uint32_t line;    ///< of the first tap, as stored
  std::uint32_t column;  ///< of the first tap, as stored
};

/// Rows of coefficients are padded with zeros to whole vectors of this many bytes.
inline constexpr std::size_t kTapRowBytes = 64;

/// Elements of a row of `n` coefficients with its padding.
template <class Real>
constexpr std::size_t padded_taps(std::size_t n) {
  constexpr std::size_t kPerRow = kTapRowBytes / sizeof(Real);
  return (n + kPerRow - 1) / kPerRow * kPerRow;
}

/// The loops for one number of taps. Cells and values are complex, as pairs of reals. The loops
/// touch whole vectors: the cells up to kTapRowBytes past the last tap of a line must exist and
/// be finite; they are left as they are.
template <class Real>
struct TapLoops {
  /// Adds `count` values, each spread over taps x taps cells. `stride` counts reals.
  void (*add)(const Real* coefficients, const TapPlace<Real>* places, const Real* values,
              std::size_t count, Real* cells, std::size_t stride);
  /// Writes to `values` what the cells hold at the places: the transpose of `add`.
  void (*read)(const Real* coefficients, const TapPlace<Real>* places, Real* values,
               std::size_t count, const Real* cells, std::size_t stride);
};

/// Coefficients for the loops: for each power from the highest down, a row for the taps across
/// lines [padded_taps(taps)]; then as many rows with every coefficient twice, once for each part
/// of a cell [padded_taps(2 taps)]. Aligned to kTapRowBytes.
///
/// The loops for this machine and `taps` of kLeastTaps..kMostTaps.
template <class Real>
const TapLoops<Real>& tap_loops(int taps);

namespace tap_loops_baseline {
const TapLoops<float>* singles();
const TapLoops<double>* doubles();
}  // namespace tap_loops_baseline
namespace tap_loops_avx2 {
const TapLoops<float>* singles();
const TapLoops<double>* doubles();
}  // namespace tap_loops_avx2
namespace tap_loops_avx512 {
const TapLoops<float>* singles();
const TapLoops<double>* doubles();
}  // namespace tap_loops_avx512

}  // namespace skymill::kernels
