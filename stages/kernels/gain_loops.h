// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the inner loops of gains and delays, for several instruction sets.
#pragma once

#include <stages/kernels/gain_samples.h>

#include <cstddef>

namespace skymill::kernels {

/// Cells that stefcal iterates at once, one in each lane.
inline constexpr std::size_t kGainLanes = 8;

/// One half step of all antennas, [antenna][lane]; sums of baselines stand as [baseline][lane].
struct LaneStep {
  const double* re;  ///< of A_ij, i < j
  const double* im;
  const double* b;
  std::size_t antennas;
  const double* g_re;
  const double* g_im;
  double* sum_re;  ///< gets Σ_j A_ij g_j
  double* sum_im;
  double* sum_b;  ///< gets Σ_j B_ij |g_j|²
};

/// A run of channels of one baseline i, j: A_ij and a phasor for each antenna.
struct ChannelRun {
  const double* re;
  const double* im;
  std::size_t n;
  const double* i_re;
  const double* i_im;
  const double* j_re;
  const double* j_im;
};

/// What antennas i and j get: Σ_j A_ij e_j and Σ_i conj(A_ij) e_i.
struct StackedRun {
  double* i_re;
  double* i_im;
  double* j_re;
  double* j_im;
};

/// Sums over a run of channels with both phasors taken off.
struct RunSums {
  double re = 0;  ///< of Σ A conj(e_i) e_j
  double im = 0;
  double b = 0;
  double bx = 0;  ///< Σ B x
};

struct GainLoops {
  RowUse (*add_each)(const RowSamples&, const CellSums&);
  RowUse (*add_all)(const RowSamples&, const CellSums&);
  void (*step)(const LaneStep&);
  void (*stack)(const ChannelRun&, const StackedRun&);
  RunSums (*turned)(const ChannelRun&, const double* b, const double* x);
};

/// Those for this machine.
const GainLoops& gain_loops();

namespace gain_loops_baseline {
extern const GainLoops kLoops;
}
namespace gain_loops_avx2 {
extern const GainLoops kLoops;
}
namespace gain_loops_avx512 {
extern const GainLoops kLoops;
}

}  // namespace skymill::kernels
