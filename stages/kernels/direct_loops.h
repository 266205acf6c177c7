// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the inner loop of direct_predict, for several instruction sets.
#pragma once

#include <cstddef>

namespace skymill::kernels {

/// Adds one component to n samples: flux * exp(2 pi i (u l + v m + w q)), u, v, w in wavelengths.
template <class Real>
using DirectLoop = void (*)(const double* u, const double* v, const double* w, std::size_t n,
                            double l, double m, double q, Real flux, Real* real, Real* imag);

namespace direct_loops_baseline {
void single(const double*, const double*, const double*, std::size_t, double, double, double, float,
            float*, float*);
void twice(const double*, const double*, const double*, std::size_t, double, double, double, double,
           double*, double*);
}  // namespace direct_loops_baseline
namespace direct_loops_avx2 {
void single(const double*, const double*, const double*, std::size_t, double, double, double, float,
            float*, float*);
void twice(const double*, const double*, const double*, std::size_t, double, double, double, double,
           double*, double*);
}  // namespace direct_loops_avx2
namespace direct_loops_avx512 {
void single(const double*, const double*, const double*, std::size_t, double, double, double, float,
            float*, float*);
void twice(const double*, const double*, const double*, std::size_t, double, double, double, double,
           double*, double*);
}  // namespace direct_loops_avx512

}  // namespace skymill::kernels
