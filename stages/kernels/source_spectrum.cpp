// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/source_spectrum.h>
#include <stages/kernels/spectrum_loops.h>
#include <stages/kernels/vector_sets.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace skymill::kernels {

namespace {

constexpr std::size_t kLanes = kSpectrumLanes;
constexpr std::size_t kSeedEvery = 8 * kLanes;  // channels: rounding adds up on the way

SpectrumLoop choose() {
#ifdef SKYMILL_VECTOR_SETS_X86
  if (vector_set() == VectorSet::kAvx512) return spectrum_loops_avx512::add;
  if (vector_set() == VectorSet::kAvx2) return spectrum_loops_avx2::add;
#endif
  return spectrum_loops_baseline::add;
}

struct Phasor {
  double re = 1, im = 0;
};

/// exp(2πi turns); whole turns are dropped first, with which the sine would lose digits.
Phasor phasor(double turns) {
  const double phase = 2 * std::numbers::pi * (turns - std::nearbyint(turns));
  return {std::cos(phase), std::sin(phase)};
}

/// std::complex would look for infinities.
Phasor product(const Phasor& a, const Phasor& b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

}  // namespace

void add_source_spectrum(double scale, const double* flux, const double* freq_hz, std::size_t n,
                         double turns_per_hz, double* re, double* im) {
  for (std::size_t c = 0; c < n; ++c) {
    const Phasor at = phasor(turns_per_hz * freq_hz[c]);
    re[c] += scale * flux[c] * at.re;
    im[c] += scale * flux[c] * at.im;
  }
}

void add_source_spectrum(double scale, const double* flux, const double* freq_hz, std::size_t n,
                         double turns_per_hz, double step_hz, double* re, double* im) {
  static const SpectrumLoop add = choose();
  std::array<Phasor, kLanes + 1> ahead;  // of k steps
  ahead[1] = phasor(turns_per_hz * step_hz);
  for (std::size_t k = 2; k <= kLanes; ++k) ahead[k] = product(ahead[k / 2], ahead[k - k / 2]);
  for (std::size_t first = 0; first < n; first += kSeedEvery) {
    const Phasor seed = phasor(turns_per_hz * freq_hz[first]);
    std::array<double, kLanes> at_re{}, at_im{};
    for (std::size_t k = 0; k < kLanes; ++k) {
      const Phasor at = product(seed, ahead[k]);
      at_re[k] = scale * at.re;
      at_im[k] = scale * at.im;
    }
    add(flux + first, std::min(kSeedEvery, n - first), at_re.data(), at_im.data(), ahead[kLanes].re,
        ahead[kLanes].im, re + first, im + first);
  }
}

}  // namespace skymill::kernels
