// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: a kernel as TapLoops reads it.
#pragma once

#include <stages/kernels/es_kernel.h>
#include <stages/kernels/fft.h>
#include <stages/kernels/tap_loops.h>

#include <algorithm>
#include <cstddef>

namespace skymill::kernels {

/// Coefficients of a kernel in the rows that TapLoops documents.
template <class Real>
AlignedBuffer<Real> tap_coefficients(const PolynomialKernel& kernel) {
  const auto taps = static_cast<std::size_t>(kernel.taps());
  const std::size_t across = padded_taps<Real>(taps);
  const std::size_t along = padded_taps<Real>(2 * taps);
  const int degree = kernel_degree(kernel.taps());
  const auto powers = static_cast<std::size_t>(degree + 1);
  AlignedBuffer<Real> rows(powers * (across + along));
  std::fill_n(rows.data(), rows.size(), Real{0});
  for (std::size_t row = 0; row < powers; ++row) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      const auto value = static_cast<Real>(
          kernel.coefficient(static_cast<int>(tap), degree - static_cast<int>(row)));
      rows[row * across + tap] = value;
      rows[powers * across + row * along + 2 * tap] = value;
      rows[powers * across + row * along + 2 * tap + 1] = value;
    }
  }
  return rows;
}

}  // namespace skymill::kernels
