// SPDX-License-Identifier: GPL-3.0-or-later
// Private to bracket_loops_*.cpp: the text of the loops, compiled once per instruction set. Without
// library code, so that the linker cannot pick an instance that this machine cannot run.
#pragma once

#include <stages/kernels/bracket_loops.h>

namespace skymill::kernels::SKYMILL_BRACKET_LOOPS {

namespace {

constexpr float kLargest = 3.402823466e+38F;

template <class Change>
inline std::size_t sort_into(const float* v, std::size_t n, Bracket& bracket, float* within,
                             const Change& change) {
  constexpr std::size_t kGroup = 16;
  const float low = bracket.low;
  const float high = bracket.high;
  // Counters as wide as the values, so that the loops become vector instructions.
  int below[kGroup] = {};
  int above[kGroup] = {};
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup) {
    float value[kGroup];
    int inside[kGroup];
    int any = 0;
    for (std::size_t k = 0; k < kGroup; ++k) {
      const int finite = __builtin_fabsf(v[i + k]) <= kLargest ? 1 : 0;
      value[k] = change(v[i + k]);
      below[k] += finite & (value[k] < low ? 1 : 0);
      above[k] += finite & (value[k] > high ? 1 : 0);
      inside[k] = finite & (value[k] >= low ? 1 : 0) & (value[k] <= high ? 1 : 0);
      any |= inside[k];
    }
    if (any != 0) {
      for (std::size_t k = 0; k < kGroup; ++k) {
        within[count] = value[k];
        count += static_cast<std::size_t>(inside[k]);
      }
    }
  }
  for (; i < n; ++i) {
    const bool finite = __builtin_fabsf(v[i]) <= kLargest;
    const float value = change(v[i]);
    below[0] += finite && value < low ? 1 : 0;
    above[0] += finite && value > high ? 1 : 0;
    within[count] = value;
    count += finite && value >= low && value <= high ? 1 : 0;
  }
  for (std::size_t k = 0; k < kGroup; ++k) {
    bracket.below += static_cast<std::size_t>(below[k]);
    bracket.above += static_cast<std::size_t>(above[k]);
  }
  return count;
}

}  // namespace

std::size_t values(const float* v, std::size_t n, Bracket& bracket, float* within) {
  return sort_into(v, n, bracket, within, [](float value) { return value; });
}

std::size_t distances(const float* v, std::size_t n, double centre, Bracket& bracket,
                      float* within) {
  return sort_into(v, n, bracket, within, [centre](float value) {
    return static_cast<float>(__builtin_fabs(static_cast<double>(value) - centre));
  });
}

}  // namespace skymill::kernels::SKYMILL_BRACKET_LOOPS
