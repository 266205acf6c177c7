// SPDX-License-Identifier: GPL-3.0-or-later
// Private to rfi_loops_*.cpp: the text of the loops, compiled once per instruction set. Without
// library code, so that the linker cannot pick an instance that this machine cannot run.
#pragma once

#include <stages/kernels/rfi_loops.h>

namespace skymill::kernels::SKYMILL_RFI_LOOPS {

bool fold(const float* __restrict s, const float* __restrict c, std::size_t n, std::size_t shift,
          float limit, float* __restrict s2, float* __restrict c2) {
  const float* const later = s + shift;
  const float* const counted = c + shift;
  int any = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float sum = s[i] + later[i];
    const float count = c[i] + counted[i];
    s2[i] = sum;
    c2[i] = count;
    any |= __builtin_fabsf(sum) > limit * count ? 1 : 0;
  }
  return any != 0;
}

bool begin(const float* __restrict r, const float* __restrict g, std::size_t n, float limit,
           float* __restrict s) {
  int any = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float value = r[i] * g[i];
    s[i] = value;
    any |= __builtin_fabsf(value) > limit * g[i] ? 1 : 0;
  }
  return any != 0;
}

void convolve(const float* __restrict in, std::size_t n, std::size_t stride,
              const float* __restrict taps, std::size_t count, float* __restrict out) {
  constexpr std::size_t kGroup = 32;
  const auto group = [&](std::size_t i) {
    float sum[kGroup] = {};
    for (std::size_t k = 0; k < count; ++k) {
      const float* const from = in + i + k * stride;
      for (std::size_t j = 0; j < kGroup; ++j) sum[j] += taps[k] * from[j];
    }
    for (std::size_t j = 0; j < kGroup; ++j) out[i + j] = sum[j];
  };
  if (n >= kGroup) {
    for (std::size_t i = 0; i + kGroup < n; i += kGroup) group(i);
    group(n - kGroup);  // some of them once more, for the same values
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += taps[k] * in[i + k * stride];
    out[i] = sum;
  }
}

void heights(const float* const m[9], std::size_t n, float stiffness, float least,
             float* __restrict out) {
  const float *const n_ = m[0], *const t_ = m[1], *const c_ = m[2], *const tt_ = m[3];
  const float *const tc_ = m[4], *const cc_ = m[5], *const s_ = m[6], *const st_ = m[7];
  const float* const sc_ = m[8];
  for (std::size_t i = 0; i < n; ++i) {
    const double count = n_[i], t = t_[i], c = c_[i], tc = tc_[i];
    const double tt = tt_[i] + static_cast<double>(stiffness) * count;
    const double cc = cc_[i] + static_cast<double>(stiffness) * count;
    const double minor = tt * cc - tc * tc;
    const double for_t = tc * c - t * cc, for_c = t * tc - tt * c;
    const double determinant = count * minor + t * for_t + c * for_c;
    const double height = (s_[i] * minor + st_[i] * for_t + sc_[i] * for_c) / determinant;
    out[i] = n_[i] > least ? static_cast<float>(height) : 0.0F;
  }
}

void subtract(const float* __restrict v, const float* __restrict g, std::size_t n,
              const float* __restrict first, const float* __restrict second, float after,
              const std::int32_t* __restrict at, const float* __restrict part,
              float* __restrict r) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t k = at[i];
    const float left = first[k] + after * (second[k] - first[k]);
    const float right = first[k + 1] + after * (second[k + 1] - first[k + 1]);
    r[i] = (v[i] - (left + part[i] * (right - left))) * g[i];
  }
}

void normalise(const float* __restrict v, std::size_t n, float median, float scale,
               float* __restrict sums, float* __restrict counts) {
  for (std::size_t i = 0; i < n; ++i) {
    const bool there = v[i] == v[i];
    sums[i] += there ? (v[i] - median) * scale : 0.0F;
    counts[i] += there ? 1.0F : 0.0F;
  }
}

namespace {

template <std::size_t kCorr>
inline void amplitudes_of(const float* __restrict data, const std::uint8_t* __restrict flag,
                          std::size_t nchan, float* __restrict out) {
  for (std::size_t k = 0; k < kCorr; ++k) {
    float* const plane = out + k * nchan;
    for (std::size_t c = 0; c < nchan; ++c) {
      const float re = data[2 * (c * kCorr + k)];
      const float im = data[2 * (c * kCorr + k) + 1];
      // An infinite amplitude minus itself is no number.
      const float size = __builtin_sqrtf(re * re + im * im);
      plane[c] = flag[c * kCorr + k] != 0 ? __builtin_nanf("") : size + (size - size);
    }
  }
}

}  // namespace

void amplitudes(const float* data, const std::uint8_t* flag, std::size_t nchan, std::size_t ncorr,
                float* out) {
  if (ncorr == 1) return amplitudes_of<1>(data, flag, nchan, out);
  if (ncorr == 2) return amplitudes_of<2>(data, flag, nchan, out);
  if (ncorr == 4) return amplitudes_of<4>(data, flag, nchan, out);
  for (std::size_t k = 0; k < ncorr; ++k) {
    for (std::size_t c = 0; c < nchan; ++c) {
      const std::size_t place = c * ncorr + k;
      const float re = data[2 * place];
      const float im = data[2 * place + 1];
      const float size = __builtin_sqrtf(re * re + im * im);
      out[k * nchan + c] = flag[place] != 0 ? __builtin_nanf("") : size + (size - size);
    }
  }
}

Power power(const float* __restrict r, const float* __restrict g, const float* __restrict f,
            std::size_t n, float most) {
  // The same lanes whatever the vectors' length, for the same bits.
  constexpr std::size_t kLanes = 16;
  float sums[kLanes] = {}, counts[kLanes] = {};
  const auto add = [&](std::size_t i, std::size_t lane) {
    const float there = g[i] * f[i];
    const float square = r[i] * r[i];
    sums[lane] += there * (square < most ? square : most);
    counts[lane] += there;
  };
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
  }
  for (std::size_t lane = 0; i < n; ++i, ++lane) add(i, lane);
  Power all;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    all.sum += sums[lane];
    all.count += counts[lane];
  }
  return all;
}

float at_rank(const float* v, std::size_t n, std::size_t rank) {
  // Numbers that are not negative are in the order of their bits: the greatest number that no more
  // than `rank` values are less than, bit by bit.
  constexpr std::size_t kLanes = 64;  // more than a vector, not to wait for the sum before
  unsigned found = 0;
  for (unsigned bit = 1U << 30; bit != 0; bit >>= 1) {
    const auto limit = __builtin_bit_cast(float, found | bit);
    unsigned lanes[kLanes] = {};
    std::size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        lanes[lane] += v[i + lane] < limit ? 1U : 0U;
    }
    unsigned less = 0;
    for (; i < n; ++i) less += v[i] < limit ? 1U : 0U;
    for (std::size_t lane = 0; lane < kLanes; ++lane) less += lanes[lane];
    if (less <= rank) found |= bit;
  }
  return __builtin_bit_cast(float, found);
}

}  // namespace skymill::kernels::SKYMILL_RFI_LOOPS
