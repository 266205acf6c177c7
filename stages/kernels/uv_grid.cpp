// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/padded_size.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/uv_grid.h>

#include <algorithm>
#include <cmath>

namespace skymill::kernels {

GridAxis::GridAxis(std::size_t image_pixels, double cell_rad)
    : image_size(image_pixels),
      grid_size(padded_size(image_pixels)),
      scale(static_cast<float>(static_cast<double>(grid_size) * cell_rad)),
      half(static_cast<double>(grid_size / 2)),
      last_start(static_cast<double>(grid_size) - kKernelReach - 0.5),
      inverse_correction(image_pixels) {
  const auto centre = static_cast<double>(image_pixels / 2);
  for (std::size_t i = 0; i < image_pixels; ++i) {
    inverse_correction[i] = 1.0 / spheroidal((static_cast<double>(i) - centre) / half);
  }
}

template <class Real>
std::size_t HalfPlane<Real>::stride_of(std::size_t v_grid_size) {
  // One closing column, then up to whole cache lines. An odd number of cache lines keeps the
  // same column of neighbouring lines out of one cache set.
  constexpr std::size_t kPerCacheLine = 64 / sizeof(Complex);
  const std::size_t cache_lines = (v_grid_size + 1 + kPerCacheLine - 1) / kPerCacheLine;
  return (cache_lines | 1U) * kPerCacheLine;
}

template <class Real>
std::size_t HalfPlane<Real>::footprint_bytes(std::size_t u_grid_size, std::size_t v_grid_size) {
  const std::size_t lines = u_grid_size / 2 + 1 + kKernelReach;
  return lines * (stride_of(v_grid_size) * sizeof(Complex) + 1);
}

template <class Real>
HalfPlane<Real>::HalfPlane(const GridAxis& u_axis, const GridAxis& v_axis, double largest_u_lambda)
    : v_half_(static_cast<int>(v_axis.grid_size / 2)), line_stride_(stride_of(v_axis.grid_size)) {
  const double reach = std::abs(u_axis.scale) * largest_u_lambda + 1.0 + kKernelReach;
  last_line_ = static_cast<int>(std::min(std::max(reach, 2.0 * kKernelReach), u_axis.half));
  const auto lines = static_cast<std::size_t>(last_line_ + 1 + kKernelReach);
  cells_ = AlignedBuffer<Complex>(lines * line_stride_);
  std::fill_n(cells_.data(), cells_.size(), Complex{});
  centred_.assign(static_cast<std::size_t>(last_line_ + 1), 0);
}

template <class Real>
void HalfPlane<Real>::fold() {
  const int columns = 2 * v_half_;
  for (int u = 1; u <= kKernelReach; ++u) {
    const Complex* from = line(-u);
    Complex* to = line(u);
    for (int column = 0; column <= columns; ++column) {
      to[columns - column] += std::conj(from[column]);
    }
  }
  for (int u = 0; u <= last_line_; ++u) {
    line(u)[0] += line(u)[columns];
  }
}

template <class Real>
void HalfPlane<Real>::unfold() {
  const int columns = 2 * v_half_;
  for (int u = 0; u <= last_line_; ++u) {
    line(u)[columns] = line(u)[0];
  }
  for (int u = 1; u <= kKernelReach; ++u) {
    const Complex* from = line(u);
    Complex* to = line(-u);
    for (int column = 0; column <= columns; ++column) {
      to[column] = std::conj(from[columns - column]);
    }
  }
}

template <class Real>
bool HalfPlane<Real>::reached(int u) const {
  if (u <= kKernelReach) {
    return true;  // folding may have put something here
  }
  const int first = std::max(0, u - kKernelReach);
  const int last = std::min(last_line_, u + kKernelReach);
  return std::any_of(centred_.begin() + first, centred_.begin() + last + 1,
                     [](std::uint8_t flag) { return flag != 0; });
}

template <class Real>
void HalfPlane<Real>::transform(const FftPlan<Real>& plan, bool marked_only,
                                std::size_t threads) const {
  parallel_ranges(static_cast<std::size_t>(last_line_ + 1), threads,
                  [&](std::size_t begin, std::size_t end) {
                    for (std::size_t u = begin; u < end; ++u) {
                      if (!marked_only || reached(static_cast<int>(u))) {
                        plan.execute(line(static_cast<int>(u)));
                      }
                    }
                  });
}

template <class Real>
TapTable<Real>::TapTable() : taps_{} {
  constexpr int kHalf = kKernelOversampling / 2;
  for (int offset = -kHalf; offset <= kHalf; ++offset) {
    const auto taps = normalised_taps(offset);
    std::transform(taps.begin(), taps.end(),
                   taps_[static_cast<std::size_t>(offset + kHalf)].begin(),
                   [](double tap) { return static_cast<Real>(tap); });
  }
}

template class HalfPlane<float>;
template class HalfPlane<double>;
template class TapTable<float>;
template class TapTable<double>;

}  // namespace skymill::kernels
