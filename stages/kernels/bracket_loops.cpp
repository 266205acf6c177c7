// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/bracket_loops.h>
#include <stages/kernels/vector_sets.h>

namespace skymill::kernels {

namespace {

struct Loops {
  std::size_t (*values)(const float*, std::size_t, Bracket&,
                        float*) = &bracket_loops_baseline::values;
  std::size_t (*distances)(const float*, std::size_t, double, Bracket&,
                           float*) = &bracket_loops_baseline::distances;
};

const Loops& loops() {
  static const Loops chosen = [] {
#ifdef SKYMILL_VECTOR_SETS_X86
    if (vector_set() == VectorSet::kAvx512) {
      return Loops{&bracket_loops_avx512::values, &bracket_loops_avx512::distances};
    }
    if (vector_set() == VectorSet::kAvx2) {
      return Loops{&bracket_loops_avx2::values, &bracket_loops_avx2::distances};
    }
#endif
    return Loops{};
  }();
  return chosen;
}

}  // namespace

std::size_t bracket_values(const float* v, std::size_t n, Bracket& bracket, float* within) {
  return loops().values(v, n, bracket, within);
}

std::size_t bracket_distances(const float* v, std::size_t n, double centre, Bracket& bracket,
                              float* within) {
  return loops().distances(v, n, centre, bracket, within);
}

}  // namespace skymill::kernels
