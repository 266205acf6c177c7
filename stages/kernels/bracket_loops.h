// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: loops over pixels of exact medians, for several instruction sets.
#pragma once

#include <cstddef>

namespace skymill::kernels {

/// Limits between which a median must lie, low <= high, and what was found beside them.
struct Bracket {
  float low = 0;
  float high = 0;
  std::size_t below = 0;
  std::size_t above = 0;
};

/// Counts the finite values of v that are below and above the limits, writes the others to `within`
/// in their order and returns how many they are. `within` has room for n values and 16 more.
std::size_t bracket_values(const float* v, std::size_t n, Bracket& bracket, float* within);

/// The same with the distances |v - centre| of the finite values, computed in double precision and
/// rounded; one too large for that is infinite, above all finite limits.
std::size_t bracket_distances(const float* v, std::size_t n, double centre, Bracket& bracket,
                              float* within);

namespace bracket_loops_baseline {
std::size_t values(const float*, std::size_t, Bracket&, float*);
std::size_t distances(const float*, std::size_t, double, Bracket&, float*);
}  // namespace bracket_loops_baseline
namespace bracket_loops_avx2 {
std::size_t values(const float*, std::size_t, Bracket&, float*);
std::size_t distances(const float*, std::size_t, double, Bracket&, float*);
}  // namespace bracket_loops_avx2
namespace bracket_loops_avx512 {
std::size_t values(const float*, std::size_t, Bracket&, float*);
std::size_t distances(const float*, std::size_t, double, Bracket&, float*);
}  // namespace bracket_loops_avx512

}  // namespace skymill::kernels
