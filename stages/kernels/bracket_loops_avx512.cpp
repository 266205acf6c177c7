// SPDX-License-Identifier: GPL-3.0-or-later
// Written out, because the compiler does not find the instruction that moves values together.
#include <immintrin.h>
#include <stages/kernels/bracket_loops.h>

namespace skymill::kernels::bracket_loops_avx512 {

namespace {

constexpr float kLargest = 3.402823466e+38F;
constexpr std::size_t kLanes = 16;

/// Where the values of one vector lie.
struct Sorted {
  __m512 value;
  __mmask16 inside;
};

template <class Change>
inline std::size_t sort_into(const float* v, std::size_t n, Bracket& bracket, float* within,
                             const Change& change) {
  const __m512 low = _mm512_set1_ps(bracket.low);
  const __m512 high = _mm512_set1_ps(bracket.high);
  const __m512 largest = _mm512_set1_ps(kLargest);
  unsigned below = 0;
  unsigned above = 0;
  const auto sort = [&](__m512 pixel, __mmask16 there) {
    const __mmask16 finite =
        _mm512_mask_cmp_ps_mask(there, _mm512_abs_ps(pixel), largest, _CMP_LE_OQ);
    const __m512 value = change(pixel);
    const __mmask16 lower = _mm512_mask_cmp_ps_mask(finite, value, low, _CMP_LT_OQ);
    const __mmask16 upper = _mm512_mask_cmp_ps_mask(finite, value, high, _CMP_GT_OQ);
    below += static_cast<unsigned>(__builtin_popcount(lower));
    above += static_cast<unsigned>(__builtin_popcount(upper));
    return Sorted{value, static_cast<__mmask16>(finite & ~(lower | upper))};
  };
  std::size_t count = 0;
  const auto put = [&](const Sorted& sorted) {
    _mm512_storeu_ps(within + count, _mm512_maskz_compress_ps(sorted.inside, sorted.value));
    count += static_cast<std::size_t>(__builtin_popcount(sorted.inside));
  };
  // Several vectors are read before any is written: a read waits for places that are not known.
  constexpr __mmask16 kAll = 0xFFFF;
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    const Sorted first = sort(_mm512_loadu_ps(v + i), kAll);
    const Sorted second = sort(_mm512_loadu_ps(v + i + kLanes), kAll);
    const Sorted third = sort(_mm512_loadu_ps(v + i + 2 * kLanes), kAll);
    const Sorted fourth = sort(_mm512_loadu_ps(v + i + 3 * kLanes), kAll);
    put(first);
    put(second);
    put(third);
    put(fourth);
  }
  for (; i < n; i += kLanes) {
    const __mmask16 there = n - i >= kLanes ? kAll : static_cast<__mmask16>((1U << (n - i)) - 1);
    put(sort(_mm512_maskz_loadu_ps(there, v + i), there));
  }
  bracket.below += below;
  bracket.above += above;
  return count;
}

inline __m256 distance(__m256 value, __m512d centre) {
  return _mm512_cvtpd_ps(_mm512_abs_pd(_mm512_sub_pd(_mm512_cvtps_pd(value), centre)));
}

}  // namespace

std::size_t values(const float* v, std::size_t n, Bracket& bracket, float* within) {
  return sort_into(v, n, bracket, within, [](__m512 value) { return value; });
}

std::size_t distances(const float* v, std::size_t n, double centre, Bracket& bracket,
                      float* within) {
  const __m512d middle = _mm512_set1_pd(centre);
  return sort_into(v, n, bracket, within, [middle](__m512 value) {
    const __m256 first = distance(_mm512_castps512_ps256(value), middle);
    const __m256 second = distance(_mm512_extractf32x8_ps(value, 1), middle);
    return _mm512_insertf32x8(_mm512_castps256_ps512(first), second, 1);
  });
}

}  // namespace skymill::kernels::bracket_loops_avx512
