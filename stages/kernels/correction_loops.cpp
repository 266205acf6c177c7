// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/correction_loops.h>
#include <stages/kernels/vector_sets.h>

namespace skymill::kernels {

namespace {

struct Loops {
  void (*multiply)(SampleFactors, SampleFactors, std::size_t,
                   float*) = &correction_loops_baseline::multiply;
  void (*multiply_solved)(SampleFactors, SampleFactors, std::size_t,
                          float*) = &correction_loops_baseline::multiply_solved;
  std::size_t (*flag_unsolved)(const std::uint8_t*, const std::uint8_t*, std::size_t, bool,
                               std::uint8_t*) = &correction_loops_baseline::flag_unsolved;
  void (*count_unsolved)(const std::uint8_t*, const std::uint8_t*, std::size_t,
                         std::uint32_t*) = &correction_loops_baseline::count_unsolved;
  void (*add_powers)(const float*, const float*, std::size_t,
                     float*) = &correction_loops_baseline::add_powers;
};

const Loops& loops() {
  static const Loops chosen = [] {
#ifdef SKYMILL_VECTOR_SETS_X86
    if (vector_set() == VectorSet::kAvx512) {
      return Loops{&correction_loops_avx512::multiply, &correction_loops_avx512::multiply_solved,
                   &correction_loops_avx512::flag_unsolved,
                   &correction_loops_avx512::count_unsolved, &correction_loops_avx512::add_powers};
    }
    if (vector_set() == VectorSet::kAvx2) {
      return Loops{&correction_loops_avx2::multiply, &correction_loops_avx2::multiply_solved,
                   &correction_loops_avx2::flag_unsolved, &correction_loops_avx2::count_unsolved,
                   &correction_loops_avx2::add_powers};
    }
#endif
    return Loops{};
  }();
  return chosen;
}

}  // namespace

void multiply_samples(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  loops().multiply(a, b, n, samples);
}

void multiply_solved_samples(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  loops().multiply_solved(a, b, n, samples);
}

std::size_t flag_unsolved_samples(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                                  bool set, std::uint8_t* flags) {
  return loops().flag_unsolved(a, b, n, set, flags);
}

void count_unsolved_samples(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                            std::uint32_t* lanes) {
  loops().count_unsolved(a, b, n, lanes);
}

void add_gain_powers(const float* a, const float* b, std::size_t n, float* lanes) {
  loops().add_powers(a, b, n, lanes);
}

}  // namespace skymill::kernels
