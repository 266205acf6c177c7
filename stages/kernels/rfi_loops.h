// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: loops over samples of one baseline, for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skymill::kernels {

/// Sums of windows and the samples in them: s2[i] = s[i] + s[i + shift], c2 likewise, i < n.
/// @return whether any |s2[i]| is above limit * c2[i]
bool fold_windows(const float* s, const float* c, std::size_t n, std::size_t shift, float limit,
                  float* s2, float* c2);

/// s = r * g; returns whether any |s[i]| is above limit * g[i].
bool begin_windows(const float* r, const float* g, std::size_t n, float limit, float* s);

/// out[i] = sum of taps[k] in[i + k stride] for i < n and k < count.
void convolve(const float* in, std::size_t n, std::size_t stride, const float* taps,
              std::size_t count, float* out);

/// The heights in the middle of the planes that fit best, by moments m of samples around them: of
/// their numbers 1, t, c, t², tc, c², of their sums 1, t, c. `stiffness` times the number is added
/// to t² and c²; 0 where the number is not above `least`.
void plane_heights(const float* const m[9], std::size_t n, float stiffness, float least,
                   float* heights);

/// r = (v - background) g, for n channels whose background lies between two coarse rows: `after`
/// of `second` and the rest of `first`; in each, between the values at[c] and at[c] + 1.
void subtract_background(const float* v, const float* g, std::size_t n, const float* first,
                         const float* second, float after, const std::int32_t* at,
                         const float* part, float* r);

/// sums += (v - median) scale and counts += 1, where v is a number.
void add_normalised(const float* v, std::size_t n, float median, float scale, float* sums,
                    float* counts);

/// out[corr][chan] = |data[chan][corr]|, not a number where flag is set or the data are none.
void amplitudes(const float* data, const std::uint8_t* flag, std::size_t nchan, std::size_t ncorr,
                float* out);

/// Sums of what is counted: g f, and g f times the squares of r, none above `most`.
struct Power {
  float count = 0;
  float sum = 0;
};
Power power(const float* r, const float* g, const float* f, std::size_t n, float most);

/// The value before which `rank` others would come if the n values, which are numbers and not
/// negative, were sorted; rank < n.
float value_at_rank(const float* v, std::size_t n, std::size_t rank);

#define SKYMILL_RFI_LOOPS_OF(SET)                                                           \
  namespace SET {                                                                           \
  bool fold(const float*, const float*, std::size_t, std::size_t, float, float*, float*);   \
  bool begin(const float*, const float*, std::size_t, float, float*);                       \
  void convolve(const float*, std::size_t, std::size_t, const float*, std::size_t, float*); \
  void subtract(const float*, const float*, std::size_t, const float*, const float*, float, \
                const std::int32_t*, const float*, float*);                                 \
  void normalise(const float*, std::size_t, float, float, float*, float*);                  \
  void amplitudes(const float*, const std::uint8_t*, std::size_t, std::size_t, float*);     \
  float at_rank(const float*, std::size_t, std::size_t);                                    \
  void heights(const float* const[9], std::size_t, float, float, float*);                   \
  Power power(const float*, const float*, const float*, std::size_t, float);                \
  }
SKYMILL_RFI_LOOPS_OF(rfi_loops_baseline)
SKYMILL_RFI_LOOPS_OF(rfi_loops_avx2)
SKYMILL_RFI_LOOPS_OF(rfi_loops_avx512)
#undef SKYMILL_RFI_LOOPS_OF

}  // namespace skymill::kernels
