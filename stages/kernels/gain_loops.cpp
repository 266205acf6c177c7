// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/gain_loops.h>
#include <stages/kernels/vector_sets.h>

namespace skymill::kernels {

const GainLoops& gain_loops() {
#ifdef SKYMILL_VECTOR_SETS_X86
  static const VectorSet set = vector_set();
  if (set == VectorSet::kAvx512) return gain_loops_avx512::kLoops;
  if (set == VectorSet::kAvx2) return gain_loops_avx2::kLoops;
#endif
  return gain_loops_baseline::kLoops;
}

RowUse add_each_channel(const RowSamples& samples, const CellSums& cells) {
  return gain_loops().add_each(samples, cells);
}

RowUse add_all_channels(const RowSamples& samples, const CellSums& cell) {
  return gain_loops().add_all(samples, cell);
}

}  // namespace skymill::kernels
