// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/w_term.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace skymill::kernels {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kMostRadians = 6;  // of the expansion: its series stay free of cancellation

/// Bessel function of the first kind for z of at most a few, by its power series.
double bessel_j(std::size_t order, double z) {
  double term = 1;
  for (std::size_t k = 1; k <= order; ++k) {
    term *= z / 2 / static_cast<double>(k);
  }
  double sum = term;
  for (std::size_t m = 1; std::abs(term) > 1e-18 * std::abs(sum) && m < 60; ++m) {
    term *= -(z / 2) * (z / 2) / static_cast<double>(m * (m + order));
    sum += term;
  }
  return sum;
}

/// Planes of the expansion over phases -a..a with a truncation error below `error`.
std::size_t expansion_planes(double a, double error) {
  std::size_t planes = 1;
  double tail = 0;
  for (std::size_t k = 40; k >= 1; --k) {
    tail += 2 * std::abs(bessel_j(k, a));
    if (tail > error) {
      planes = k + 1;
      break;
    }
  }
  return planes;
}

/// Chebyshev coefficients of a smooth function of z in [0, 1], down to a relative tolerance.
template <class Function>
std::vector<double> chebyshev_series(const Function& function, double tolerance) {
  constexpr int kNodes = 48;
  std::vector<double> coefficients(kNodes);
  std::vector<double> samples;
  for (int i = 0; i < kNodes; ++i) {
    samples.push_back(function((std::cos(kPi * (i + 0.5) / kNodes) + 1) / 2));
  }
  double largest = 0;
  for (int k = 0; k < kNodes; ++k) {
    double sum = 0;
    for (int i = 0; i < kNodes; ++i) {
      sum += samples[static_cast<std::size_t>(i)] * std::cos(kPi * k * (i + 0.5) / kNodes);
    }
    coefficients[static_cast<std::size_t>(k)] = sum * (k == 0 ? 1.0 : 2.0) / kNodes;
    largest = std::max(largest, std::abs(coefficients[static_cast<std::size_t>(k)]));
  }
  while (coefficients.size() > 2 && std::abs(coefficients.back()) <= tolerance * largest) {
    coefficients.pop_back();
  }
  return coefficients;
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// One version of the loop for each width of vectors; the loader takes the machine's.
#define SKYMILL_WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SKYMILL_WIDEST
#endif
#define SKYMILL_INLINE inline __attribute__((always_inline))

constexpr std::size_t kBlock = 128;  // pixels taken together, so that every loop is over pixels

/// Clenshaw's sums of a series of chebyshev_series at z of a block of pixels.
template <class Real>
SKYMILL_INLINE void series_at(const double* series, std::size_t terms, const Real* z,
                              Real* values) {
  Real next[kBlock] = {};
  Real after[kBlock] = {};
  for (std::size_t k = terms; k-- > 1;) {
    const auto coefficient = static_cast<Real>(series[k]);
    for (std::size_t x = 0; x < kBlock; ++x) {
      const Real here = (4 * z[x] - 2) * next[x] - after[x] + coefficient;
      after[x] = next[x];
      next[x] = here;
    }
  }
  const auto first = static_cast<Real>(series[0]);
  for (std::size_t x = 0; x < kBlock; ++x) {
    values[x] = (2 * z[x] - 1) * next[x] - after[x] + first;
  }
}

/// Cosine and sine of 2 pi `turns`, |turns| <= 1/2, from the Taylor series of the half angle.
template <class Real>
SKYMILL_INLINE void phasor(Real turns, Real& cosine, Real& sine) {
  constexpr int kTerms = sizeof(Real) == sizeof(float) ? 7 : 11;
  const Real angle = static_cast<Real>(kPi) * turns;
  const Real square = -angle * angle;
  Real s = 1;
  Real c = 1;
#pragma GCC unroll 16
  for (int k = kTerms; k >= 1; --k) {
    s = 1 + s * square * static_cast<Real>(1.0 / ((2 * k) * (2 * k + 1)));
    c = 1 + c * square * static_cast<Real>(1.0 / ((2 * k - 1) * (2 * k)));
  }
  s *= angle;
  cosine = 1 - 2 * s * s;
  sine = 2 * s * c;
}

/// What the loops over pixels need of a plan.
struct RowTerms {
  const double* series;
  std::size_t terms;
  double q_middle;
  double per_half;  ///< 1/q_half
  double w;         ///< kStacking
  bool odd;         ///< kExpansion
};

template <class Real>
SKYMILL_INLINE void expansion_body(const RowTerms& terms, const double* l2, double m2,
                                   std::size_t n, Real* factors) {
  const auto middle = static_cast<Real>(terms.q_middle);
  const auto per_half = static_cast<Real>(terms.per_half);
  Real y[kBlock] = {};
  Real z[kBlock] = {};
  Real values[kBlock];
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t count = std::min(kBlock, n - first);
    for (std::size_t x = 0; x < count; ++x) {
      const auto r2 = static_cast<Real>(l2[first + x] + m2);
      const Real inside = r2 < 1 ? 1 - r2 : Real{0};
      y[x] = (-r2 / (1 + std::sqrt(inside)) - middle) * per_half;
      z[x] = y[x] * y[x];
    }
    series_at(terms.series, terms.terms, z, values);
    for (std::size_t x = 0; x < count; ++x) {
      const auto r2 = static_cast<Real>(l2[first + x] + m2);
      const Real value = terms.odd ? values[x] * y[x] : values[x];
      factors[first + x] = r2 < 1 ? value : Real{0};
    }
  }
}

template <class Real>
SKYMILL_INLINE void stacking_body(const RowTerms& terms, const double* l2, double m2, std::size_t n,
                                  Real* cosines, Real* sines) {
  double q[kBlock] = {};
  Real z[kBlock] = {};
  Real scales[kBlock];
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t count = std::min(kBlock, n - first);
    for (std::size_t x = 0; x < count; ++x) {
      const double r2 = l2[first + x] + m2;
      const double inside = r2 < 1 ? 1 - r2 : 0.0;
      q[x] = -r2 / (1 + std::sqrt(inside)) - terms.q_middle;
      const auto y = static_cast<Real>(q[x] * terms.per_half);
      z[x] = y * y;
    }
    series_at(terms.series, terms.terms, z, scales);
    for (std::size_t x = 0; x < count; ++x) {
      const double turns = terms.w * q[x];
      Real cosine = 0;
      Real sine = 0;
      phasor(static_cast<Real>(turns - std::nearbyint(turns)), cosine, sine);
      const Real scale = l2[first + x] + m2 < 1 ? scales[x] : Real{0};
      cosines[first + x] = cosine * scale;
      sines[first + x] = sine * scale;
    }
  }
}

SKYMILL_WIDEST void expansion_loop(const RowTerms& terms, const double* l2, double m2,
                                   std::size_t n, float* factors) {
  expansion_body(terms, l2, m2, n, factors);
}
SKYMILL_WIDEST void expansion_loop(const RowTerms& terms, const double* l2, double m2,
                                   std::size_t n, double* factors) {
  expansion_body(terms, l2, m2, n, factors);
}
SKYMILL_WIDEST void stacking_loop(const RowTerms& terms, const double* l2, double m2, std::size_t n,
                                  float* cosines, float* sines) {
  stacking_body(terms, l2, m2, n, cosines, sines);
}
SKYMILL_WIDEST void stacking_loop(const RowTerms& terms, const double* l2, double m2, std::size_t n,
                                  double* cosines, double* sines) {
  stacking_body(terms, l2, m2, n, cosines, sines);
}

}  // namespace

double least_stacking_amplification(double accuracy) {
  double least = std::numeric_limits<double>::infinity();
  for (const KernelChoice& kernel : kernel_choices()) {
    if (keeps_accuracy(kernel, accuracy, 0, sizeof(double))) {
      least = std::min(least, kernel.amplification);
    }
  }
  return least;
}

WTermPlan plan_w_term(const WTermInput& input) {
  WTermPlan plan;
  const double turns = input.largest_w * input.largest_q;
  const double allowed = input.accuracy / 2;
  if (!(2 * kPi * turns > allowed)) {
    return plan;
  }
  const auto of = [](std::size_t count) { return static_cast<double>(count); };
  plan.q_half = input.largest_q / 2;
  plan.q_middle = -plan.q_half;
  const double radians = kPi * turns;
  double least_cost = std::numeric_limits<double>::infinity();
  if (radians <= kMostRadians) {
    plan.kind = WTermPlan::Kind::kExpansion;
    plan.planes = expansion_planes(radians, allowed);
    plan.w_scale = 1 / input.largest_w;
    least_cost = of(plan.planes) * (input.plane_cost + input.sample_cost);
  }
  for (const KernelChoice& kernel : kernel_choices()) {
    if (!keeps_accuracy(kernel, input.accuracy, input.amplification * kernel.amplification,
                        input.real_bytes)) {
      continue;
    }
    const double scale = kernel.oversampling * input.largest_q;
    const auto planes =
        static_cast<std::size_t>(std::ceil((input.largest_w - input.least_w) * scale)) +
        static_cast<std::size_t>(kernel.taps);
    // A plane of the stack is whole, not half; a sample enters as many planes as there are taps.
    const double cost = of(planes) * 2 * input.plane_cost + kernel.taps * input.sample_cost;
    if (cost < least_cost) {
      least_cost = cost;
      plan.kind = WTermPlan::Kind::kStacking;
      plan.kernel = kernel;
      plan.planes = planes;
      plan.w_scale = scale;
      // The extreme samples lie a quarter of a plane from where rounding would cost them a tap.
      plan.w_first = input.least_w - (kernel.taps / 2.0 - 0.75) / scale;
    }
  }
  return plan;
}

WTermFactors::WTermFactors(const WTermPlan& plan, double accuracy) : plan_(plan) {
  const double tolerance = std::max(accuracy * 1e-3, 1e-16);
  if (plan.kind == WTermPlan::Kind::kStacking) {
    kernel_.emplace(plan.kernel);
    const double largest = plan.q_half / plan.w_scale;
    series_.push_back(chebyshev_series(
        [&](double z) { return 1 / kernel_->transform(std::sqrt(z) * largest); }, tolerance));
  }
  if (plan.kind == WTermPlan::Kind::kExpansion) {
    const double radians = 2 * kPi * plan.q_half / plan.w_scale;
    for (std::size_t k = 0; k < plan.planes; ++k) {
      series_.push_back(chebyshev_series(
          [&](double z) {
            const double y = std::sqrt(z);
            const double value = bessel_j(k, radians * y) * (k == 0 ? 1 : 2);
            return k % 2 == 0 ? value : value / y;
          },
          tolerance));
    }
  }
}

template <class Real>
void WTermFactors::expansion_row(std::size_t plane, const double* l2, double m2, std::size_t n,
                                 Real* factors) const {
  const std::vector<double>& series = series_[plane];
  expansion_loop(
      {series.data(), series.size(), plan_.q_middle, 1 / plan_.q_half, 0, plane % 2 == 1}, l2, m2,
      n, factors);
}

template <class Real>
void WTermFactors::stacking_row(std::size_t plane, const double* l2, double m2, std::size_t n,
                                Real* cosines, Real* sines) const {
  const std::vector<double>& series = series_[0];
  stacking_loop(
      {series.data(), series.size(), plan_.q_middle, 1 / plan_.q_half, plan_.plane_w(plane), false},
      l2, m2, n, cosines, sines);
}

template <class Real>
void WTermFactors::stacking_taps(int tap, const Real* arguments, std::size_t n,
                                 Real* weights) const {
  std::fill_n(weights, n, Real{0});
  for (int power = kernel_degree(kernel_->taps()); power >= 0; --power) {
    const auto coefficient = static_cast<Real>(kernel_->coefficient(tap, power));
    for (std::size_t s = 0; s < n; ++s) {
      weights[s] = weights[s] * arguments[s] + coefficient;
    }
  }
}

template void WTermFactors::stacking_taps<float>(int, const float*, std::size_t, float*) const;
template void WTermFactors::stacking_taps<double>(int, const double*, std::size_t, double*) const;
template void WTermFactors::expansion_row<float>(std::size_t, const double*, double, std::size_t,
                                                 float*) const;
template void WTermFactors::expansion_row<double>(std::size_t, const double*, double, std::size_t,
                                                  double*) const;
template void WTermFactors::stacking_row<float>(std::size_t, const double*, double, std::size_t,
                                                float*, float*) const;
template void WTermFactors::stacking_row<double>(std::size_t, const double*, double, std::size_t,
                                                 double*, double*) const;

}  // namespace skymill::kernels
