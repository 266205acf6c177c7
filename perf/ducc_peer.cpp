// SPDX-License-Identifier: GPL-3.0-or-later
// The peer of perf_wgridder: ducc's gridder behind two C functions. Not part of the build; see
// perf/README.md.
#include <ducc0/fft/fft.h>
#include <ducc0/fft/fft1d_impl.h>
#include <ducc0/fft/fftnd_impl.h>
#include <ducc0/wgridder/wgridder.h>

#include <complex>
#include <cstddef>
#include <cstdint>

namespace {

using Complex = std::complex<float>;

struct Arrays {
  ducc0::cmav<double, 2> uvw;
  ducc0::cmav<double, 1> freq;
  ducc0::cmav<float, 2> weight;
  ducc0::cmav<std::uint8_t, 2> mask;
};

Arrays arrays(std::size_t rows, const double* uvw, double freq, const float* weight) {
  static double frequency;
  frequency = freq;
  return {{uvw, {rows, 3}}, {&frequency, {1}}, {weight, {rows, 1}}, {nullptr, {0, 0}}};
}

}  // namespace

extern "C" void peer_dirty(std::size_t rows, const double* uvw, double freq, const Complex* vis,
                           const float* weight, std::size_t side, double cell, double accuracy,
                           int w_term, std::size_t threads, float* image) {
  const Arrays a = arrays(rows, uvw, freq, weight);
  ducc0::ms2dirty<float, float>(a.uvw, a.freq, ducc0::cmav<Complex, 2>(vis, {rows, 1}), a.weight,
                                a.mask, cell, cell, accuracy, w_term != 0, threads,
                                ducc0::vmav<float, 2>(image, {side, side}), 0, false, false, false,
                                false, 1.1, 2.6, 0, 0, true);
}

extern "C" void peer_predict(std::size_t rows, const double* uvw, double freq, const float* image,
                             std::size_t side, double cell, double accuracy, int w_term,
                             std::size_t threads, Complex* vis) {
  const Arrays a = arrays(rows, uvw, freq, nullptr);
  ducc0::dirty2ms<float, float>(
      a.uvw, a.freq, ducc0::cmav<float, 2>(image, {side, side}),
      ducc0::cmav<float, 2>(nullptr, {0, 0}), a.mask, cell, cell, accuracy, w_term != 0, threads,
      ducc0::vmav<Complex, 2>(vis, {rows, 1}), 0, false, false, false, false, 1.1, 2.6, 0, 0, true);
}
