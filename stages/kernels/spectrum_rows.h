// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: image rows of WGridder between their two transforms.
#pragma once

#include <stages/kernels/fft.h>
#include <stages/kernels/huge_pages.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <cstring>

namespace skymill::kernels {

/// Rows of `count` complex elements. The first elements of a row may lie in memory that somebody
/// lends: an image row is written last of all, and holds most of its own spectrum until then.
template <class Real>
class SpectrumRows {
 public:
  using Complex = std::complex<Real>;

  /// Rows of the caller's memory: `reals` of them lent for each, `stride` apart.
  struct Lent {
    Real* first = nullptr;
    std::ptrdiff_t stride = 0;
    std::size_t reals = 0;
  };

  SpectrumRows(std::size_t rows, std::size_t count, const Lent& lent)
      : lent_(lent),
        elements_lent_(std::min(count, lent.reals / 2)),
        stride_(count - elements_lent_),
        own_(rows * stride_) {
    prefer_huge_pages(own_.data(), own_.size() * sizeof(Complex));
  }
  static std::size_t bytes(std::size_t rows, std::size_t count, std::size_t reals_lent) {
    return rows * (count - std::min(count, reals_lent / 2)) * sizeof(Complex);
  }

  void put(std::size_t row, std::size_t first, const Complex* from, std::size_t n) const {
    const std::size_t lent = lent_of(first, n);
    if (lent > 0) {
      std::memcpy(lent_at(row, first), from, lent * sizeof(Complex));
    }
    std::copy_n(from + lent, n - lent, own_at(row, first + lent, n - lent));
  }
  void get(std::size_t row, std::size_t first, Complex* to, std::size_t n) const {
    const std::size_t lent = lent_of(first, n);
    if (lent > 0) {
      std::memcpy(static_cast<void*>(to), lent_at(row, first), lent * sizeof(Complex));
    }
    std::copy_n(own_at(row, first + lent, n - lent), n - lent, to + lent);
  }

 private:
  std::size_t lent_of(std::size_t first, std::size_t n) const {
    return first < elements_lent_ ? std::min(n, elements_lent_ - first) : 0;
  }
  Real* lent_at(std::size_t row, std::size_t first) const {
    return lent_.first + static_cast<std::ptrdiff_t>(row) * lent_.stride + 2 * first;
  }
  Complex* own_at(std::size_t row, std::size_t first, std::size_t n) const {
    return n == 0 ? own_.data() : own_.data() + row * stride_ + (first - elements_lent_);
  }

  Lent lent_;
  std::size_t elements_lent_;
  std::size_t stride_;
  AlignedBuffer<Complex> own_;
};

}  // namespace skymill::kernels
