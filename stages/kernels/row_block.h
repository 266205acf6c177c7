// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: what image rows need on their way between WGridder's plane and image.
#pragma once

#include <stages/kernels/fft.h>

#include <complex>
#include <cstddef>

namespace skymill::kernels {

/// Transforms of the lines of a half plane, and of image rows to and from it.
template <class Real>
struct HalfPlans {
  HalfPlans(std::size_t u_size, std::size_t v_size)
      : backward_v(FftPlan<Real>::complex_line(v_size, FftSign::kBackward)),
        forward_v(FftPlan<Real>::complex_line(v_size, FftSign::kForward)),
        backward_u(FftPlan<Real>::complex_to_real_line(u_size)),
        forward_u(FftPlan<Real>::real_to_complex_line(u_size)) {}
  FftPlan<Real> backward_v;
  FftPlan<Real> forward_v;
  FftPlan<Real> backward_u;
  FftPlan<Real> forward_u;
};

/// Transforms along u of whole planes; made when the first call needs them.
template <class Real>
struct WholePlans {
  explicit WholePlans(std::size_t u_size)
      : backward_u(FftPlan<Real>::complex_line(u_size, FftSign::kBackward)),
        forward_u(FftPlan<Real>::complex_line(u_size, FftSign::kForward)) {}
  FftPlan<Real> backward_u;
  FftPlan<Real> forward_u;
};

/// Memory of one image row on its way through the transform along u.
template <class Real>
struct RowBlock {
  RowBlock(std::size_t u_size, std::size_t nx)
      : spectrum(u_size), row(u_size), cosines(nx), sines(nx) {}
  static std::size_t bytes(std::size_t u_size, std::size_t nx) {
    return (3 * u_size + 2 * nx) * sizeof(Real);
  }

  AlignedBuffer<std::complex<Real>> spectrum;
  AlignedBuffer<Real> row;
  AlignedBuffer<Real> cosines;  // or the real factors of an expansion
  AlignedBuffer<Real> sines;
};

}  // namespace skymill::kernels
