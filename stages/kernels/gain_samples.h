// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace skymill::kernels {

/// One hand of neighbouring channels of a row, D and w, and the model M of the same channels.
/// Numbers of channel c stand at c * `stride` (the weight's at c * `weight_stride`).
struct RowSamples {
  const float* data;  ///< complex
  const std::uint8_t* flag;
  const float* weight;
  const double* model;  ///< complex, dense
  std::size_t stride;
  std::size_t weight_stride;
  std::size_t n;
  bool conjugate;  ///< the row's antennas stand the other way round: D and M are conjugated
};

/// The sums of solution cells of one baseline, of the first of those meant.
struct CellSums {
  double* re;  ///< Σ w D conj(M)
  double* im;
  double* b;      ///< Σ w |M|²
  double* power;  ///< Σ w |D|²
  std::uint32_t* samples;
};

/// What was good of a row: not flagged, finite, of weight > 0 and |M| > 0 (calibration.md 5.0).
struct RowUse {
  std::size_t used = 0;
  double weight = 0;  ///< Σ w
};

/// Adds channel after channel to one cell after the other.
RowUse add_each_channel(const RowSamples& samples, const CellSums& cells);

/// Adds all the channels to the first cell.
RowUse add_all_channels(const RowSamples& samples, const CellSums& cell);

}  // namespace skymill::kernels
