// SPDX-License-Identifier: GPL-3.0-or-later
// Private to spectrum_loops_*.cpp: the text of the loop, compiled once per instruction set. In an
// unnamed namespace and without library code, so that the linker cannot pick an instance that this
// machine cannot run.
#pragma once

#include <stages/kernels/spectrum_loops.h>

namespace skymill::kernels::SKYMILL_SPECTRUM_LOOPS {

void add(const double* __restrict flux, std::size_t n, const double* __restrict at_re,
         const double* __restrict at_im, double stride_re, double stride_im, double* __restrict re,
         double* __restrict im) {
  constexpr std::size_t kLanes = kSpectrumLanes;
  double now_re[kLanes], now_im[kLanes];
  for (std::size_t k = 0; k < kLanes; ++k) {
    now_re[k] = at_re[k];
    now_im[k] = at_im[k];
  }
  std::size_t c = 0;
  for (; c + kLanes <= n; c += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      re[c + k] += flux[c + k] * now_re[k];
      im[c + k] += flux[c + k] * now_im[k];
      const double turned = now_re[k] * stride_re - now_im[k] * stride_im;
      now_im[k] = now_re[k] * stride_im + now_im[k] * stride_re;
      now_re[k] = turned;
    }
  }
  for (std::size_t k = 0; c + k < n; ++k) {
    re[c + k] += flux[c + k] * now_re[k];
    im[c + k] += flux[c + k] * now_im[k];
  }
}

}  // namespace skymill::kernels::SKYMILL_SPECTRUM_LOOPS
