// SPDX-License-Identifier: GPL-3.0-or-later
// Private to correction_loops_*.cpp: the text of the loops, compiled once per instruction set.
// Without library code, so that the linker cannot pick an instance that this machine cannot run.
#pragma once

#include <stages/kernels/correction_loops.h>

namespace skymill::kernels::SKYMILL_GAIN_LOOPS {

namespace {

constexpr std::size_t kLine = 64;  // bytes

/// Samples before the first that begins a line of the cache: stores across lines cost most.
inline std::size_t samples_to_line(const float* samples) {
  const std::size_t place = reinterpret_cast<std::size_t>(samples) % kLine;
  return place % sizeof(float[2]) != 0 ? 0 : (kLine - place) % kLine / sizeof(float[2]);
}

inline SampleFactors after(SampleFactors factors, std::size_t n) {
  return {factors.re + n, factors.im + n};
}

template <bool kGaps>
inline void multiply_run(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  const float* __restrict__ const a_re = a.re;
  const float* __restrict__ const a_im = a.im;
  const float* __restrict__ const b_re = b.re;
  const float* __restrict__ const b_im = b.im;
  float* __restrict__ const out = samples;
  for (std::size_t i = 0; i < n; ++i) {
    float re = a_re[i] * b_re[i] + a_im[i] * b_im[i];
    const float im = a_im[i] * b_re[i] - a_re[i] * b_im[i];
    if (kGaps) re = ((re != 0) | (im != 0)) ? re : 1.0F;
    const float data_re = out[2 * i];
    const float data_im = out[2 * i + 1];
    out[2 * i] = data_re * re - data_im * im;
    out[2 * i + 1] = data_re * im + data_im * re;
  }
}

template <bool kGaps>
inline void multiply_aligned(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  std::size_t head = samples_to_line(samples);
  if (head > n) head = n;
  multiply_run<kGaps>(a, b, head, samples);
  float* const rest = samples + 2 * head;
  multiply_run<kGaps>(after(a, head), after(b, head), n - head, rest);
}

}  // namespace

void multiply(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  multiply_aligned<false>(a, b, n, samples);
}

void multiply_solved(SampleFactors a, SampleFactors b, std::size_t n, float* samples) {
  multiply_aligned<true>(a, b, n, samples);
}

std::size_t flag_unsolved(const std::uint8_t* a, const std::uint8_t* b, std::size_t n, bool set,
                          std::uint8_t* flags) {
  // Sums of a byte a lane, as wide as a vector, for as long as they hold.
  constexpr std::size_t kLanes = 64, kLonger = 255;
  const auto bit = static_cast<std::uint8_t>(set ? 1 : 0);
  std::uint8_t* __restrict__ const flag = flags;
  std::size_t fresh = 0, i = 0;
  while (i + kLanes <= n) {
    std::uint8_t lanes[kLanes] = {};
    for (std::size_t turn = 0; turn < kLonger && i + kLanes <= n; ++turn, i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) {
        const auto unsolved = static_cast<std::uint8_t>(a[i + k] | b[i + k]);
        const std::uint8_t before = flag[i + k];
        const auto good = static_cast<std::uint8_t>(before == 0);
        flag[i + k] = static_cast<std::uint8_t>(before | (unsolved & bit));
        lanes[k] = static_cast<std::uint8_t>(lanes[k] + (unsolved & good));
      }
    }
    for (std::size_t k = 0; k < kLanes; ++k) fresh += lanes[k];
  }
  for (; i < n; ++i) {
    const auto unsolved = static_cast<std::uint8_t>(a[i] | b[i]);
    if (flag[i] == 0) fresh += unsolved;
    flag[i] = static_cast<std::uint8_t>(flag[i] | (unsolved & bit));
  }
  return fresh;
}

void count_unsolved(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                    std::uint32_t* lanes) {
  constexpr std::size_t kLonger = 255;
  std::size_t i = 0;
  while (i + kPowerLanes <= n) {
    std::uint8_t sum[kPowerLanes] = {};
    for (std::size_t turn = 0; turn < kLonger && i + kPowerLanes <= n; ++turn, i += kPowerLanes) {
      for (std::size_t k = 0; k < kPowerLanes; ++k) {
        sum[k] = static_cast<std::uint8_t>(sum[k] + (a[i + k] | b[i + k]));
      }
    }
    for (std::size_t k = 0; k < kPowerLanes; ++k) lanes[k] += sum[k];
  }
  for (std::size_t k = 0; i + k < n; ++k) lanes[k] += a[i + k] | b[i + k];
}

void add_powers(const float* a, const float* b, std::size_t n, float* lanes) {
  float sum[kPowerLanes];
  for (std::size_t k = 0; k < kPowerLanes; ++k) sum[k] = lanes[k];
  std::size_t i = 0;
  for (; i + kPowerLanes <= n; i += kPowerLanes) {
    for (std::size_t k = 0; k < kPowerLanes; ++k) sum[k] += a[i + k] * b[i + k];
  }
  for (std::size_t k = 0; i + k < n; ++k) sum[k] += a[i + k] * b[i + k];
  for (std::size_t k = 0; k < kPowerLanes; ++k) lanes[k] = sum[k];
}

}  // namespace skymill::kernels::SKYMILL_GAIN_LOOPS
