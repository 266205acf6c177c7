// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/fft.h>
#include <stages/kernels/view.h>

#include <complex>
#include <cstddef>

namespace skymill::kernels {

/// Convolves planes of one shape by transforms, padded so that nothing wraps round within half a
/// plane. Single precision: errors near 1e-6 of the largest value of a result.
class PlaneConvolver {
 public:
  using Spectrum = AlignedBuffer<std::complex<float>>;

  PlaneConvolver(std::size_t ny, std::size_t nx);

  /// Of a plane [ny][nx] that is to be convolved.
  Spectrum of_plane(View<const float, 2> plane);

  /// Of a plane [ny][nx] to convolve with, its centre at (ny/2, nx/2); of it the offsets
  /// [-n/2, n/2 - 1] count, as in a Högbom subtraction (imaging.md 3.1).
  Spectrum of_kernel(View<const float, 2> kernel);

  /// Of a kernel whose sides are odd and may be smaller than the plane, its centre in the middle.
  Spectrum of_small_kernel(View<const float, 2> kernel);

  /// result = plane * kernel * kernel..., already multiplied into one spectrum, which is used up.
  void to_plane(Spectrum& product, View<float, 2> result);

  static Spectrum multiply(const Spectrum& a, const Spectrum& b);

 private:
  void clear();
  Spectrum transform();

  std::size_t ny_;
  std::size_t nx_;
  std::size_t padded_y_;
  std::size_t padded_x_;
  FftPlan<float> forward_;
  FftPlan<float> backward_;
  AlignedBuffer<float> pixels_;
};

}  // namespace skymill::kernels
