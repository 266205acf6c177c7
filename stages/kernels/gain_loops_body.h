// SPDX-License-Identifier: GPL-3.0-or-later
// Private to gain_loops_*.cpp: the text of the loops, compiled once per instruction set. Without
// library code, so that the linker cannot pick an instance that this machine cannot run.
#pragma once

#include <stages/kernels/gain_loops.h>

namespace skymill::kernels::SKYMILL_GAIN_LOOPS {

namespace {

/// Calls body(sample, real part, imaginary part of a conj(b)).
template <class Body>
inline void for_products(SampleFactors a, SampleFactors b, std::size_t n, const Body& body) {
  const float* __restrict__ const a_re = a.re;
  const float* __restrict__ const a_im = a.im;
  const float* __restrict__ const b_re = b.re;
  const float* __restrict__ const b_im = b.im;
  for (std::size_t i = 0; i < n; ++i) {
    body(i, a_re[i] * b_re[i] + a_im[i] * b_im[i], a_im[i] * b_re[i] - a_re[i] * b_im[i]);
  }
}

inline void multiply_one(float* sample, float re, float im) {
  const float data_re = sample[0];
  const float data_im = sample[1];
  sample[0] = data_re * re - data_im * im;
  sample[1] = data_re * im + data_im * re;
}

}  // namespace

void multiply(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  float* __restrict__ const out = samples;
  for_products(a, b, n,
               [out](std::size_t i, float re, float im) { multiply_one(out + 2 * i, re, im); });
}

void multiply_solved(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  float* __restrict__ const out = samples;
  for_products(a, b, n, [out](std::size_t i, float re, float im) {
    const bool solved = (re != 0) | (im != 0);
    multiply_one(out + 2 * i, solved ? re : 1.0F, im);
  });
}

std::size_t flag_unsolved(SampleFactors a, SampleFactors b, std::size_t n, bool set,
                          std::uint8_t* flags) {
  std::size_t fresh = 0;
  const std::uint8_t bit = set ? 1 : 0;
  for_products(a, b, n, [&](std::size_t i, float re, float im) {
    const bool unsolved = (re == 0) & (im == 0);
    fresh += unsolved & (flags[i] == 0) ? 1 : 0;
    flags[i] = static_cast<std::uint8_t>(flags[i] | (unsolved ? bit : 0));
  });
  return fresh;
}

void add_powers(const float* a, const float* b, std::size_t n, float* lanes) {
  float sum[kPowerLanes];
  for (std::size_t k = 0; k < kPowerLanes; ++k) sum[k] = lanes[k];
  std::size_t i = 0;
  for (; i + kPowerLanes <= n; i += kPowerLanes) {
    for (std::size_t k = 0; k < kPowerLanes; ++k) sum[k] += a[i + k] * b[i + k];
  }
  for (std::size_t k = 0; i + k < n; ++k) sum[k] += a[i + k] * b[i + k];
  for (std::size_t k = 0; k < kPowerLanes; ++k) lanes[k] = sum[k];
}

}  // namespace skymill::kernels::SKYMILL_GAIN_LOOPS
