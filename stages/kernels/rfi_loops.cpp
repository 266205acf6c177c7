// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/rfi_loops.h>
#include <stages/kernels/vector_sets.h>

namespace skymill::kernels {

namespace {

struct Loops {
  decltype(&rfi_loops_baseline::fold) fold = &rfi_loops_baseline::fold;
  decltype(&rfi_loops_baseline::begin) begin = &rfi_loops_baseline::begin;
  decltype(&rfi_loops_baseline::convolve) convolve = &rfi_loops_baseline::convolve;
  decltype(&rfi_loops_baseline::subtract) subtract = &rfi_loops_baseline::subtract;
  decltype(&rfi_loops_baseline::normalise) normalise = &rfi_loops_baseline::normalise;
  decltype(&rfi_loops_baseline::amplitudes) amplitudes = &rfi_loops_baseline::amplitudes;
  decltype(&rfi_loops_baseline::at_rank) at_rank = &rfi_loops_baseline::at_rank;
  decltype(&rfi_loops_baseline::heights) heights = &rfi_loops_baseline::heights;
  decltype(&rfi_loops_baseline::power) power = &rfi_loops_baseline::power;
};

const Loops& loops() {
  static const Loops chosen = [] {
#ifdef SKYMILL_VECTOR_SETS_X86
    if (vector_set() == VectorSet::kAvx512) {
      return Loops{
          &rfi_loops_avx512::fold,     &rfi_loops_avx512::begin,     &rfi_loops_avx512::convolve,
          &rfi_loops_avx512::subtract, &rfi_loops_avx512::normalise, &rfi_loops_avx512::amplitudes,
          &rfi_loops_avx512::at_rank,  &rfi_loops_avx512::heights,   &rfi_loops_avx512::power};
    }
    if (vector_set() == VectorSet::kAvx2) {
      return Loops{
          &rfi_loops_avx2::fold,     &rfi_loops_avx2::begin,     &rfi_loops_avx2::convolve,
          &rfi_loops_avx2::subtract, &rfi_loops_avx2::normalise, &rfi_loops_avx2::amplitudes,
          &rfi_loops_avx2::at_rank,  &rfi_loops_avx2::heights,   &rfi_loops_avx2::power};
    }
#endif
    return Loops{};
  }();
  return chosen;
}

}  // namespace

bool fold_windows(const float* s, const float* c, std::size_t n, std::size_t shift, float limit,
                  float* s2, float* c2) {
  return loops().fold(s, c, n, shift, limit, s2, c2);
}

bool begin_windows(const float* r, const float* g, std::size_t n, float limit, float* s) {
  return loops().begin(r, g, n, limit, s);
}

void convolve(const float* in, std::size_t n, std::size_t stride, const float* taps,
              std::size_t count, float* out) {
  loops().convolve(in, n, stride, taps, count, out);
}

void plane_heights(const float* const m[9], std::size_t n, float stiffness, float least,
                   float* heights) {
  loops().heights(m, n, stiffness, least, heights);
}

void subtract_background(const float* v, const float* g, std::size_t n, const float* first,
                         const float* second, float after, const std::int32_t* at,
                         const float* part, float* r) {
  loops().subtract(v, g, n, first, second, after, at, part, r);
}

void add_normalised(const float* v, std::size_t n, float median, float scale, float* sums,
                    float* counts) {
  loops().normalise(v, n, median, scale, sums, counts);
}

void amplitudes(const float* data, const std::uint8_t* flag, std::size_t nchan, std::size_t ncorr,
                float* out) {
  loops().amplitudes(data, flag, nchan, ncorr, out);
}

Power power(const float* r, const float* g, const float* f, std::size_t n, float most) {
  return loops().power(r, g, f, n, most);
}

float value_at_rank(const float* v, std::size_t n, std::size_t rank) {
  return loops().at_rank(v, n, rank);
}

}  // namespace skymill::kernels
