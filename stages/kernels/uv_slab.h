// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: a part of the uv plane of WGridder, small enough for a cache.
#pragma once

#include <stages/kernels/fft.h>

#include <complex>
#include <cstddef>

namespace skymill::kernels {

/// Neighbouring lines of constant u; v runs along a line from -v_size/2 and is periodic. A margin
/// at either end of a line takes the taps that reach beyond it.
template <class Real>
class UvSlab {
 public:
  using Complex = std::complex<Real>;

  /// Room for taps beyond either end of a line, in cells; also keeps lines aligned for FFTW.
  static constexpr std::size_t kMargin = 8;

  UvSlab(std::size_t v_size, std::size_t lines);

  static std::size_t bytes(std::size_t v_size, std::size_t lines) {
    return lines * stride_of(v_size) * sizeof(Complex);
  }

  /// A line at its first cell v = -v_size/2; the margin lies before it.
  Complex* line(std::size_t index) const { return cells_.data() + index * stride_ + kMargin; }
  /// The storage from a line on as the tap loops see it; columns count from the start of the
  /// margin.
  Real* reals(std::size_t index) const {
    return reinterpret_cast<Real*>(cells_.data() + index * stride_);
  }
  std::size_t real_stride() const { return 2 * stride_; }

  void clear(std::size_t index) const;
  /// After gridding: adds the margins of a line to their places.
  void fold(std::size_t index) const;
  /// Before reading: the transpose of `fold`.
  void unfold(std::size_t index) const;

 private:
  static std::size_t stride_of(std::size_t v_size);

  std::size_t v_size_;
  std::size_t stride_;
  AlignedBuffer<Complex> cells_;
};

}  // namespace skymill::kernels
