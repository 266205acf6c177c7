// SPDX-License-Identifier: GPL-3.0-or-later
// Loops over the samples of a row that gains correct, for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skymill::kernels {

/// What one antenna of a row brings to its correction: 1/g by sample of the row, real and imaginary
/// parts apart; 0 where it has no solution.
struct SampleFactors {
  const float* re = nullptr;
  const float* im = nullptr;
};

/// Lanes of `add_gain_powers`; of 1, 2, 4, 8 or 16 correlations each has lanes of its own.
inline constexpr std::size_t kPowerLanes = 16;

/// Multiplies n samples (real, imaginary, ...) by a conj(b). The same bits on every machine.
void multiply_samples(SampleFactors a, SampleFactors b, std::size_t n, float* samples);

/// The same, but samples stay as they are where a or b is 0.
void multiply_solved_samples(SampleFactors a, SampleFactors b, std::size_t n, float* samples);

/// Counts unflagged samples for which a or b is 1 (the others 0), and with `set` flags them.
std::size_t flag_unsolved_samples(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                                  bool set, std::uint8_t* flags);

/// Counts samples i for which a or b is 1 (the others 0) in lane i % kPowerLanes.
void count_unsolved_samples(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                            std::uint32_t* lanes);

/// Sums a[i] b[i] into lane i % kPowerLanes.
void add_gain_powers(const float* a, const float* b, std::size_t n, float* lanes);

#define SKYMILL_CORRECTION_LOOPS_OF(SET)                                                      \
  namespace SET {                                                                             \
  void multiply(SampleFactors, SampleFactors, std::size_t, float*);                           \
  void multiply_solved(SampleFactors, SampleFactors, std::size_t, float*);                    \
  std::size_t flag_unsolved(const std::uint8_t*, const std::uint8_t*, std::size_t, bool,      \
                            std::uint8_t*);                                                   \
  void count_unsolved(const std::uint8_t*, const std::uint8_t*, std::size_t, std::uint32_t*); \
  void add_powers(const float*, const float*, std::size_t, float*);                           \
  }
SKYMILL_CORRECTION_LOOPS_OF(correction_loops_baseline)
SKYMILL_CORRECTION_LOOPS_OF(correction_loops_avx2)
SKYMILL_CORRECTION_LOOPS_OF(correction_loops_avx512)
#undef SKYMILL_CORRECTION_LOOPS_OF

}  // namespace skymill::kernels
