// SPDX-License-Identifier: GPL-3.0-or-later
// Private to pixel_loops_*.cpp: the text of the loops, compiled once per instruction set. Without
// library code, so that the linker cannot pick an instance that this machine cannot run.
#pragma once

#include <stages/kernels/pixel_loops.h>

namespace skymill::kernels::SKYMILL_PIXEL_LOOPS {

float largest(const float* r, std::size_t n) {
  constexpr std::size_t kLanes = 64;  // several vectors: a maximum waits for the one before it
  float lane[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const float size = __builtin_fabsf(r[i + k]);
      lane[k] = size > lane[k] ? size : lane[k];
    }
  }
  for (; i < n; ++i) {
    const float size = __builtin_fabsf(r[i]);
    lane[0] = size > lane[0] ? size : lane[0];
  }
  float result = lane[0];
  for (const float value : lane) {
    result = value > result ? value : result;
  }
  return result;
}

PixelRange range(const float* r, std::size_t n) {
  constexpr std::size_t kLanes = 64;
  float least[kLanes] = {};
  float greatest[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      least[k] = r[i + k] < least[k] ? r[i + k] : least[k];
      greatest[k] = r[i + k] > greatest[k] ? r[i + k] : greatest[k];
    }
  }
  for (; i < n; ++i) {
    least[0] = r[i] < least[0] ? r[i] : least[0];
    greatest[0] = r[i] > greatest[0] ? r[i] : greatest[0];
  }
  PixelRange result;
  for (std::size_t k = 0; k < kLanes; ++k) {
    result.least = least[k] < result.least ? least[k] : result.least;
    result.greatest = greatest[k] > result.greatest ? greatest[k] : result.greatest;
  }
  return result;
}

float subtract(float* r, const float* p, std::size_t n, float flux) {
  constexpr std::size_t kLanes = 64;
  float lane[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      // In two roundings, as everywhere else: the same bits on every machine.
      const float step = flux * p[i + k];
      const float value = r[i + k] - step;
      r[i + k] = value;
      const float size = __builtin_fabsf(value);
      lane[k] = size > lane[k] ? size : lane[k];
    }
  }
  for (; i < n; ++i) {
    const float step = flux * p[i];
    r[i] = r[i] - step;
    const float size = __builtin_fabsf(r[i]);
    lane[0] = size > lane[0] ? size : lane[0];
  }
  float result = lane[0];
  for (const float value : lane) {
    result = value > result ? value : result;
  }
  return result;
}

}  // namespace skymill::kernels::SKYMILL_PIXEL_LOOPS
