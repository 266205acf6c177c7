// SPDX-License-Identifier: GPL-3.0-or-later
// Private to pixel_loops_*.cpp: the text of the loops, compiled once per instruction set. Without
// library code, so that the linker cannot pick an instance that this machine cannot run.
#pragma once

#include <stages/kernels/pixel_loops.h>

namespace skymill::kernels::SKYMILL_PIXEL_LOOPS {

#define SKYMILL_INLINE inline __attribute__((always_inline))

namespace {

struct Vectors {
  typedef float Span __attribute__((vector_size(kSpan * sizeof(float))));
  typedef float Anywhere
      __attribute__((vector_size(kSpan * sizeof(float)), aligned(alignof(float)), may_alias));
  typedef int Lanes __attribute__((vector_size(kSpan * sizeof(float))));
};
using Span = Vectors::Span;
using Lanes = Vectors::Lanes;

/// r -= flux * p.
SKYMILL_INLINE void subtract_span(const float* p, float flux, Span& r) {
  r -= flux * *reinterpret_cast<const Vectors::Anywhere*>(p);
}

SKYMILL_INLINE void load(const float* from, Span& to) { __builtin_memcpy(&to, from, sizeof(to)); }

/// The first `count` pixels, and zeros.
SKYMILL_INLINE void load_some(const float* from, int count, Span& to) {
  if (count == static_cast<int>(kSpan)) {
    load(from, to);
    return;
  }
  float buffer[kSpan] = {};
  for (int k = 0; k < count; ++k) buffer[k] = from[k];
  load(buffer, to);
}

SKYMILL_INLINE void store_some(const Span& from, int count, float* to) {
  if (count == static_cast<int>(kSpan)) {
    __builtin_memcpy(to, &from, sizeof(from));
    return;
  }
  for (int k = 0; k < count; ++k) to[k] = from[k];
}

/// Pixels of the tile in span s of a row.
SKYMILL_INLINE int width_of(const TilePixels& tile, int s) {
  const int left = tile.columns - s * static_cast<int>(kSpan);
  return left < 0 ? 0 : left < static_cast<int>(kSpan) ? left : static_cast<int>(kSpan);
}

/// The larger of a and |b|; NaN is dropped.
SKYMILL_INLINE void raise(Span& a, const Span& b) {
  constexpr int kNoSign = 0x7fffffff;
  const Span size = (Span)((Lanes)b & kNoSign);
  a = size > a ? size : a;
}

SKYMILL_INLINE float largest_lane(const Span& span) {
  Span a = span;
  Span b = __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  a = b > a ? b : a;
  b = __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
  a = b > a ? b : a;
  b = __builtin_shufflevector(a, a, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
  a = b > a ? b : a;
  return a[0] > a[1] ? a[0] : a[1];
}

/// r -= flux * psf in lanes [first, end), the psf's pixel of lane 0 at `at`, which may lie outside.
SKYMILL_INLINE void subtract_some(const PsfPixels& psf, std::ptrdiff_t at, float flux, int first,
                                  int end, Span& r) {
  first = first > 0 ? first : 0;
  end = end < static_cast<int>(kSpan) ? end : static_cast<int>(kSpan);
  if (first >= end) return;
  Span p;
  if (at >= 0 && at + static_cast<std::ptrdiff_t>(kSpan) <= psf.size) {
    load(psf.first + at, p);
  } else {
    float buffer[kSpan] = {};
    for (int k = first; k < end; ++k) buffer[k] = psf.first[at + k];
    load(buffer, p);
  }
  const Lanes lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Span step = flux * p;
  const Span left = r - step;
  r = ((lane >= first) & (lane < end)) ? left : r;
}

/// The same in the spans of a row that it covers in part.
__attribute__((noinline)) void subtract_part(const PsfPixels& psf, std::ptrdiff_t at,
                                             const LaidPsf& laid, Span* r) {
  constexpr int kWidth = static_cast<int>(kSpan);
  for (int s = 0; s < static_cast<int>(kSpansInRow); ++s) {
    const int first = laid.first - s * kWidth;
    const int end = laid.end - s * kWidth;
    if (first <= 0 && end >= kWidth) {
      subtract_span(psf.first + at + s * kWidth, laid.flux, r[s]);
    } else {
      subtract_some(psf, at + s * kWidth, laid.flux, first, end, r[s]);
    }
  }
}

}  // namespace

void subtract_row(const TilePixels& tile, int row, const PsfPixels& psf, const LaidPsf* laid,
                  std::size_t n, unsigned done, float* largest) {
  constexpr int kWidth = static_cast<int>(kSpan);
  constexpr int kSpans = static_cast<int>(kSpansInRow);
  float* const from = tile.first + row * tile.stride;
  Span before[kSpansInRow];
  Span r[kSpansInRow];
  for (int s = 0; s < kSpans; ++s) {
    load_some(from + s * kWidth, width_of(tile, s), before[s]);
    r[s] = before[s];
  }
  const std::ptrdiff_t to_row = row * psf.stride;
  const auto here = [row](const LaidPsf& l) { return row >= l.first_row && row < l.end_row; };
  const auto whole = [](const LaidPsf& l) { return l.first == 0 && l.end == kWidth * kSpans; };
  for (std::size_t k = 0; k < n;) {
    // In registers for as long as they cover the row.
    Span a = r[0];
    Span b = r[1];
    Span c = r[2];
    Span d = r[3];
    for (; k < n && here(laid[k]) && whole(laid[k]); ++k) {
      const float* p = psf.first + laid[k].offset + to_row;
      const float flux = laid[k].flux;
      subtract_span(p, flux, a);
      subtract_span(p + kWidth, flux, b);
      subtract_span(p + 2 * kWidth, flux, c);
      subtract_span(p + 3 * kWidth, flux, d);
    }
    r[0] = a;
    r[1] = b;
    r[2] = c;
    r[3] = d;
    for (; k < n && !(here(laid[k]) && whole(laid[k])); ++k) {
      if (here(laid[k])) subtract_part(psf, laid[k].offset + to_row, laid[k], r);
    }
  }
  for (int s = 0; s < kSpans; ++s) {
    const bool fresh = (done >> s & 1U) != 0;
    Span peak = {};
    raise(peak, fresh ? before[s] : r[s]);
    largest[s] = largest_lane(peak);
    if (!fresh) store_some(r[s], width_of(tile, s), from + s * kWidth);
  }
}

float subtract_spans(const TilePixels& tile, const PsfPixels& psf, const LaidPsf& laid,
                     const std::uint16_t* spans, std::size_t n) {
  constexpr int kWidth = static_cast<int>(kSpan);
  Span peak = {};
  for (std::size_t k = 0; k < n; ++k) {
    const int row = spans[k] / static_cast<int>(kSpansInRow);
    const int s = spans[k] % static_cast<int>(kSpansInRow);
    float* const from = tile.first + row * tile.stride + s * kWidth;
    const int width = width_of(tile, s);
    Span r;
    load_some(from, width, r);
    if (row >= laid.first_row && row < laid.end_row) {
      const std::ptrdiff_t at = laid.offset + row * psf.stride + s * kWidth;
      const int first = laid.first - s * kWidth;
      const int end = laid.end - s * kWidth;
      if (first <= 0 && end >= kWidth) {
        subtract_span(psf.first + at, laid.flux, r);
      } else {
        subtract_some(psf, at, laid.flux, first, end, r);
      }
      store_some(r, width, from);
    }
    raise(peak, r);
  }
  return largest_lane(peak);
}

float largest(const float* r, std::size_t n) {
  constexpr std::size_t kLanes = 64;  // several vectors: a maximum waits for the one before it
  float lane[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const float size = __builtin_fabsf(r[i + k]);
      lane[k] = size > lane[k] ? size : lane[k];
    }
  }
  for (; i < n; ++i) {
    const float size = __builtin_fabsf(r[i]);
    lane[0] = size > lane[0] ? size : lane[0];
  }
  float result = lane[0];
  for (const float value : lane) {
    result = value > result ? value : result;
  }
  return result;
}

PixelRange range(const float* r, std::size_t n) {
  constexpr std::size_t kLanes = 64;
  float least[kLanes] = {};
  float greatest[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      least[k] = r[i + k] < least[k] ? r[i + k] : least[k];
      greatest[k] = r[i + k] > greatest[k] ? r[i + k] : greatest[k];
    }
  }
  for (; i < n; ++i) {
    least[0] = r[i] < least[0] ? r[i] : least[0];
    greatest[0] = r[i] > greatest[0] ? r[i] : greatest[0];
  }
  PixelRange result;
  for (std::size_t k = 0; k < kLanes; ++k) {
    result.least = least[k] < result.least ? least[k] : result.least;
    result.greatest = greatest[k] > result.greatest ? greatest[k] : result.greatest;
  }
  return result;
}

float subtract(float* r, const float* p, std::size_t n, float flux) {
  constexpr std::size_t kLanes = 64;
  float lane[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      // In two roundings, as everywhere else: the same bits on every machine.
      const float step = flux * p[i + k];
      const float value = r[i + k] - step;
      r[i + k] = value;
      const float size = __builtin_fabsf(value);
      lane[k] = size > lane[k] ? size : lane[k];
    }
  }
  for (; i < n; ++i) {
    const float step = flux * p[i];
    r[i] = r[i] - step;
    const float size = __builtin_fabsf(r[i]);
    lane[0] = size > lane[0] ? size : lane[0];
  }
  float result = lane[0];
  for (const float value : lane) {
    result = value > result ? value : result;
  }
  return result;
}

}  // namespace skymill::kernels::SKYMILL_PIXEL_LOOPS

#undef SKYMILL_INLINE
