// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/es_kernel.h>
#include <stages/kernels/huge_pages.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/tap_loops.h>
#include <stages/kernels/uv_lines.h>

#include <algorithm>

namespace skymill::kernels {

template <class Real>
std::size_t UvLines<Real>::stride_of(std::size_t v_size) {
  // Margins, and what whole vectors reach beyond the last tap; then an odd number of cache lines,
  // which keeps the same column of neighbouring lines out of one cache set.
  constexpr std::size_t kPerCacheLine = 64 / sizeof(Complex);
  const std::size_t cells = v_size + 2 * kMargin + 1 + kTapRowBytes / sizeof(Complex);
  return ((cells + kPerCacheLine - 1) / kPerCacheLine | 1U) * kPerCacheLine;
}

template <class Real>
std::size_t UvLines<Real>::bytes(std::size_t v_size, std::size_t lines) {
  return lines * (stride_of(v_size) * sizeof(Complex) + 1);
}

template <class Real>
UvLines<Real>::UvLines(std::size_t u_size, std::size_t v_size, int first, int last, bool half)
    : v_size_(v_size),
      u_size_(static_cast<int>(u_size)),
      first_(first),
      stored_(static_cast<std::size_t>(last - first + 1)),
      half_(half),
      stride_(stride_of(v_size)),
      cells_(stored_ * stride_),
      marked_(stored_, 0) {
  static_assert(kMargin >= kMostTaps / 2);
  prefer_huge_pages(cells_.data(), cells_.size() * sizeof(Complex));
}

template <class Real>
int UvLines<Real>::first_wanted() const {
  return half_ ? 0 : std::max(first_, -u_size_ / 2);
}

template <class Real>
int UvLines<Real>::last_wanted() const {
  const int last = first_ + static_cast<int>(stored_) - 1;
  return std::min(last, half_ ? u_size_ / 2 : u_size_ / 2 - 1);
}

template <class Real>
void UvLines<Real>::mark(std::size_t first_index, std::size_t end_index) {
  std::fill(marked_.begin() + static_cast<std::ptrdiff_t>(first_index),
            marked_.begin() + static_cast<std::ptrdiff_t>(std::min(end_index, stored_)),
            std::uint8_t{1});
}

template <class Real>
void UvLines<Real>::clear(std::size_t threads) const {
  parallel_ranges(stored_, threads, [&](std::size_t begin, std::size_t end) {
    std::fill(cells_.data() + begin * stride_, cells_.data() + end * stride_, Complex{});
  });
}

template <class Real>
int UvLines<Real>::home_of(int u, bool& mirrored) const {
  mirrored = false;
  if (!half_) {
    return u < -u_size_ / 2 ? u + u_size_ : u >= u_size_ / 2 ? u - u_size_ : u;
  }
  mirrored = u < 0 || u > u_size_ / 2;
  return u < 0 ? -u : u > u_size_ / 2 ? u_size_ - u : u;
}

template <class Real>
void UvLines<Real>::mark_homes() {
  for (std::size_t k = 0; k < stored_; ++k) {
    bool mirrored = false;
    const int home = home_of(first_ + static_cast<int>(k), mirrored);
    if (marked_[k] != 0) {
      marked_[static_cast<std::size_t>(home - first_)] = 1;
    }
  }
}

template <class Real>
void UvLines<Real>::fold() const {
  constexpr std::size_t kBeyond = kMargin + 1;
  for (std::size_t k = 0; k < stored_; ++k) {
    if (marked_[k] == 0) {
      continue;
    }
    Complex* cells = stored_line(k);
    for (std::size_t j = 1; j <= kMargin; ++j) {
      cells[v_size_ - j] += *(cells - j);
    }
    for (std::size_t j = 0; j < kBeyond; ++j) {
      cells[j] += cells[v_size_ + j];
    }
  }
  for (std::size_t k = 0; k < stored_; ++k) {
    bool mirrored = false;
    const int u = first_ + static_cast<int>(k);
    const int home = home_of(u, mirrored);
    if (home == u || marked_[k] == 0) {
      continue;
    }
    const Complex* from = stored_line(k);
    Complex* to = line(home);
    if (!mirrored) {
      for (std::size_t v = 0; v < v_size_; ++v) {
        to[v] += from[v];
      }
    } else {
      to[0] += std::conj(from[0]);
      for (std::size_t v = 1; v < v_size_; ++v) {
        to[v_size_ - v] += std::conj(from[v]);
      }
    }
  }
}

template <class Real>
void UvLines<Real>::unfold(std::size_t threads) const {
  for (std::size_t k = 0; k < stored_; ++k) {
    bool mirrored = false;
    const int u = first_ + static_cast<int>(k);
    const int home = home_of(u, mirrored);
    if (home == u || marked_[k] == 0) {
      continue;
    }
    const Complex* from = line(home);
    Complex* to = stored_line(k);
    for (std::size_t v = 0; v < v_size_; ++v) {
      to[v] = mirrored ? std::conj(from[v == 0 ? 0 : v_size_ - v]) : from[v];
    }
  }
  parallel_ranges(stored_, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      Complex* cells = stored_line(k);
      for (std::size_t j = 1; marked_[k] != 0 && j <= kMargin; ++j) {
        *(cells - j) = cells[v_size_ - j];
      }
      for (std::size_t j = 0; marked_[k] != 0 && j <= kMargin; ++j) {
        cells[v_size_ + j] = cells[j];
      }
    }
  });
}

template <class Real>
void UvLines<Real>::transform(const FftPlan<Real>& plan, std::size_t threads) const {
  const int from = first_wanted();
  parallel_each(static_cast<std::size_t>(last_wanted() - from + 1), threads, [&](std::size_t k) {
    const int u = from + static_cast<int>(k);
    if (marked(u)) {
      plan.execute(line(u));
    }
  });
}

template class UvLines<float>;
template class UvLines<double>;

}  // namespace skymill::kernels
