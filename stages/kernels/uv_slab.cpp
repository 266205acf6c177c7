// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/es_kernel.h>
#include <stages/kernels/huge_pages.h>
#include <stages/kernels/tap_loops.h>
#include <stages/kernels/uv_slab.h>

#include <algorithm>

namespace skymill::kernels {

template <class Real>
std::size_t UvSlab<Real>::stride_of(std::size_t v_size) {
  // Margins, and what whole vectors reach beyond the last tap; then an odd number of cache lines,
  // which keeps the same column of neighbouring lines out of one cache set.
  constexpr std::size_t kPerCacheLine = 64 / sizeof(Complex);
  const std::size_t cells = v_size + 2 * kMargin + 1 + kTapRowBytes / sizeof(Complex);
  return ((cells + kPerCacheLine - 1) / kPerCacheLine | 1U) * kPerCacheLine;
}

template <class Real>
UvSlab<Real>::UvSlab(std::size_t v_size, std::size_t lines)
    : v_size_(v_size), stride_(stride_of(v_size)), cells_(lines * stride_) {
  static_assert(kMargin >= kMostTaps / 2);
  prefer_huge_pages(cells_.data(), cells_.size() * sizeof(Complex));
}

template <class Real>
void UvSlab<Real>::clear(std::size_t index) const {
  std::fill_n(cells_.data() + index * stride_, stride_, Complex{});
}

template <class Real>
void UvSlab<Real>::fold(std::size_t index) const {
  Complex* cells = line(index);
  for (std::size_t j = 1; j <= kMargin; ++j) {
    cells[v_size_ - j] += *(cells - j);
  }
  for (std::size_t j = 0; j <= kMargin; ++j) {
    cells[j] += cells[v_size_ + j];
  }
}

template <class Real>
void UvSlab<Real>::unfold(std::size_t index) const {
  Complex* cells = line(index);
  for (std::size_t j = 1; j <= kMargin; ++j) {
    *(cells - j) = cells[v_size_ - j];
  }
  for (std::size_t j = 0; j <= kMargin; ++j) {
    cells[v_size_ + j] = cells[j];
  }
}

template class UvSlab<float>;
template class UvSlab<double>;

}  // namespace skymill::kernels
