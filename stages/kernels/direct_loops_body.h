// SPDX-License-Identifier: GPL-3.0-or-later
// Private to direct_loops_*.cpp: the text of the loop, compiled once per instruction set. In an
// unnamed namespace and without library code, so that the linker cannot pick an instance that this
// machine cannot run.
#pragma once

#include <stages/kernels/direct_loops.h>

namespace skymill::kernels {
namespace {

constexpr double kPi = 3.14159265358979323846;

template <class Real, int Terms>
struct Series {
  /// Taylor coefficients of sin(pi x)/x and of cos(pi x) in powers of x^2.
  constexpr Series() : sine(), cosine() {
    double term = 1;
    for (int k = 0; k < Terms; ++k) {
      cosine[k] = static_cast<Real>(term);
      term *= kPi / (2 * k + 1);
      sine[k] = static_cast<Real>(term);
      term *= -kPi / (2 * k + 2);
    }
  }
  Real sine[Terms];
  Real cosine[Terms];
};

/// Terms are enough for |x| <= 1/2: the first one left out is below the rounding.
template <class Real, int Terms>
inline void add_component(const double* u, const double* v, const double* w, std::size_t n,
                          double l, double m, double q, Real flux, Real* real, Real* imag) {
  // Adding it drops the fraction of any number of turns below 2^51.
  constexpr double kToWhole = 6755399441055744.0;
  constexpr Series<Real, Terms> series;
  for (std::size_t i = 0; i < n; ++i) {
    const double turns = u[i] * l + v[i] * m + w[i] * q;
    const Real x = static_cast<Real>(turns - ((turns + kToWhole) - kToWhole));
    const Real x2 = x * x;
    Real sine = series.sine[Terms - 1];
    Real cosine = series.cosine[Terms - 1];
    for (int k = Terms - 2; k >= 0; --k) {
      sine = sine * x2 + series.sine[k];
      cosine = cosine * x2 + series.cosine[k];
    }
    sine *= x;
    // Of half the angle; now of the whole.
    real[i] += flux * (1 - 2 * sine * sine);
    imag[i] += flux * (2 * sine * cosine);
  }
}

}  // namespace
}  // namespace skymill::kernels

namespace skymill::kernels::SKYMILL_DIRECT_LOOPS {

void single(const double* u, const double* v, const double* w, std::size_t n, double l, double m,
            double q, float flux, float* real, float* imag) {
  add_component<float, 8>(u, v, w, n, l, m, q, flux, real, imag);
}

void twice(const double* u, const double* v, const double* w, std::size_t n, double l, double m,
           double q, double flux, double* real, double* imag) {
  add_component<double, 13>(u, v, w, n, l, m, q, flux, real, imag);
}

}  // namespace skymill::kernels::SKYMILL_DIRECT_LOOPS
