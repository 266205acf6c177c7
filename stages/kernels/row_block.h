// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: what image rows need on their way between WGridder's plane and image.
#pragma once

#include <stages/kernels/fft.h>

#include <algorithm>
#include <complex>
#include <cstddef>

namespace skymill::kernels {

/// Image rows that are transformed together along x.
inline constexpr std::size_t kRowsTogether = 8;

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

/// Memory of one block of image rows on its way through the transform along u.
template <class Real>
struct RowBlock {
  using Complex = std::complex<Real>;

  RowBlock(std::size_t u_size, std::size_t nx)
      : stride((u_size + 15) / 16 * 16),
        spectra(kRowsTogether * stride),
        row(u_size),
        cosines(nx),
        sines(nx) {
    std::fill_n(spectra.data(), spectra.size(), Complex{});
  }
  static std::size_t bytes(std::size_t u_size, std::size_t nx) {
    return ((2 * kRowsTogether + 1) * (u_size + 16) + 2 * nx) * sizeof(Real);
  }
  Complex* spectrum(std::size_t k) const { return spectra.data() + k * stride; }

  std::size_t stride;
  AlignedBuffer<Complex> spectra;
  AlignedBuffer<Real> row;
  AlignedBuffer<Real> cosines;  // or the real factors of an expansion
  AlignedBuffer<Real> sines;
};

}  // namespace skymill::kernels
