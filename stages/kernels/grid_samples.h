// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: one sample onto the half plane and back.
#pragma once

#include <stages/kernels/uv_grid.h>

#include <array>
#include <complex>
#include <cstddef>

namespace skymill::kernels {

/// Where a sample falls on the half plane.
struct Place {
  int u = 0;       // line, >= 0
  int column = 0;  // of the first tap
  int u_offset = 0;
  int v_offset = 0;
  bool mirrored = false;  // the sample is kept as its conjugate
};

inline bool place_sample(const GridAxis& u_axis, const GridAxis& v_axis, double u_lambda,
                         double v_lambda, Place& place) {
  int v = 0;
  if (!u_axis.locate(u_lambda, place.u, place.u_offset) ||
      !v_axis.locate(v_lambda, v, place.v_offset)) {
    return false;
  }
  place.mirrored = place.u < 0;
  if (place.mirrored) {
    place.u = -place.u;
    v = -v;
    place.u_offset = -place.u_offset;
    place.v_offset = -place.v_offset;
  }
  place.column = v + static_cast<int>(v_axis.half) - kKernelReach;
  return true;
}

template <class Real>
struct Pending {
  Place place;
  Real re;
  Real im;
};

template <class Real>
void accumulate(HalfPlane<Real>& plane, const TapTable<Real>& taps, const Pending<Real>& sample) {
  constexpr std::size_t kWidth = 2 * kKernelTaps;  // real and imaginary parts in turn
  const Real* tu = taps[sample.place.u_offset];
  const Real* tv = taps[sample.place.v_offset];
  std::array<Real, kWidth> along_v;
  for (std::size_t j = 0; j < kKernelTaps; ++j) {
    along_v[2 * j] = sample.re * tv[j];
    along_v[2 * j + 1] = sample.im * tv[j];
  }
  for (int i = 0; i < kKernelTaps; ++i) {
    // std::complex is laid out as two reals, so that a line may be added to as reals.
    Real* cell = reinterpret_cast<Real*>(plane.line(sample.place.u + i - kKernelReach) +
                                         sample.place.column);
    const Real tap = tu[i];
    for (std::size_t j = 0; j < kWidth; ++j) {
      cell[j] += tap * along_v[j];
    }
  }
}

template <class Real>
std::complex<float> interpolate(const HalfPlane<Real>& plane, const TapTable<Real>& taps,
                                const Place& place) {
  constexpr std::size_t kWidth = 2 * kKernelTaps;
  const Real* tu = taps[place.u_offset];
  const Real* tv = taps[place.v_offset];
  std::array<Real, kWidth> along_v{};
  for (int i = 0; i < kKernelTaps; ++i) {
    const Real* cell =
        reinterpret_cast<const Real*>(plane.line(place.u + i - kKernelReach) + place.column);
    for (std::size_t j = 0; j < kWidth; ++j) {
      along_v[j] += tu[i] * cell[j];
    }
  }
  Real re = 0;
  Real im = 0;
  for (std::size_t j = 0; j < kKernelTaps; ++j) {
    re += tv[j] * along_v[2 * j];
    im += tv[j] * along_v[2 * j + 1];
  }
  return {static_cast<float>(re), static_cast<float>(place.mirrored ? -im : im)};
}

/// Samples wait here so that their cells can be fetched before they are needed.
template <class Real>
class Batch {
 public:
  Batch(HalfPlane<Real>& plane, const TapTable<Real>& taps) : plane_(plane), taps_(taps) {}

  void push(const Pending<Real>& sample) {
    for (int i = -kKernelReach; i <= kKernelReach; ++i) {
      __builtin_prefetch(plane_.line(sample.place.u + i) + sample.place.column, 1);
    }
    plane_.mark(sample.place.u);
    pending_[count_++] = sample;
    if (count_ == kBatch) {
      flush();
    }
  }

  void flush() {
    for (std::size_t k = 0; k < count_; ++k) {
      accumulate(plane_, taps_, pending_[k]);
    }
    count_ = 0;
  }

 private:
  static constexpr std::size_t kBatch = 64;

  HalfPlane<Real>& plane_;
  const TapTable<Real>& taps_;
  std::array<Pending<Real>, kBatch> pending_;
  std::size_t count_ = 0;
};

}  // namespace skymill::kernels
