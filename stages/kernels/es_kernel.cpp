// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/es_kernel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace skymill::kernels {

namespace {

// For each number of taps and oversampling, the beta with the least error anywhere in the field,
// found by search over the aliases of the polynomials themselves (|k| <= 6). Beyond the two
// figures printed nothing depends on beta: the transform of what is computed is divided out.
constexpr KernelChoice kChoices[] = {
    {4, 1.20, 1.6052, 1.8e-02, 4.37},     {5, 1.20, 1.6931, 6.3e-03, 6.84},
    {6, 1.20, 1.7335, 2.2e-03, 11.05},    {7, 1.20, 1.7633, 7.0e-04, 17.85},
    {8, 1.20, 1.7805, 2.3e-04, 29.31},    {9, 1.20, 1.7740, 1.0e-04, 51.35},
    {10, 1.20, 1.7862, 3.0e-05, 84.87},   {11, 1.20, 1.7976, 8.5e-06, 139.70},
    {12, 1.20, 1.8053, 2.4e-06, 232.10},  {13, 1.20, 1.7475, 1.0e-06, 535.64},
    {14, 1.20, 1.8131, 1.7e-07, 657.58},  {15, 1.20, 1.8140, 3.8e-08, 1122.75},
    {16, 1.20, 1.7806, 1.9e-08, 2379.40}, {4, 1.25, 1.6679, 1.3e-02, 3.44},
    {5, 1.25, 1.7512, 3.8e-03, 5.07},     {6, 1.25, 1.7892, 1.2e-03, 7.68},
    {7, 1.25, 1.8184, 3.3e-04, 11.64},    {8, 1.25, 1.8346, 9.9e-05, 17.90},
    {9, 1.25, 1.8273, 3.9e-05, 29.03},    {10, 1.25, 1.8392, 1.0e-05, 44.93},
    {11, 1.25, 1.8507, 2.5e-06, 69.30},   {12, 1.25, 1.7989, 6.3e-07, 134.07},
    {13, 1.25, 1.8596, 1.5e-07, 171.21},  {14, 1.25, 1.8661, 3.7e-08, 266.33},
    {15, 1.25, 1.8667, 7.2e-09, 424.20},  {16, 1.25, 1.8345, 3.0e-09, 796.25},
    {4, 1.30, 1.7252, 9.2e-03, 2.84},     {5, 1.30, 1.8046, 2.5e-03, 3.99},
    {6, 1.30, 1.8451, 6.8e-04, 5.71},     {7, 1.30, 1.8692, 1.8e-04, 8.26},
    {8, 1.30, 1.8844, 4.8e-05, 12.06},    {9, 1.30, 1.8765, 1.7e-05, 18.39},
    {10, 1.30, 1.8894, 3.9e-06, 26.93},   {11, 1.30, 1.8996, 9.1e-07, 39.55},
    {12, 1.30, 1.8544, 1.8e-07, 68.28},   {13, 1.30, 1.9082, 4.4e-08, 87.62},
    {14, 1.30, 1.9149, 9.8e-09, 129.23},  {15, 1.30, 1.9155, 1.8e-09, 194.50},
    {16, 1.30, 1.8839, 6.1e-10, 334.13},  {4, 1.40, 1.8243, 5.5e-03, 2.14},
    {5, 1.40, 1.8981, 1.3e-03, 2.79},     {6, 1.40, 1.9363, 2.9e-04, 3.70},
    {7, 1.40, 1.9593, 6.5e-05, 4.94},     {8, 1.40, 1.9732, 1.5e-05, 6.65},
    {9, 1.40, 1.9638, 4.2e-06, 9.27},     {10, 1.40, 1.9757, 8.5e-07, 12.56},
    {11, 1.40, 1.9870, 1.6e-07, 17.00},   {12, 1.40, 1.9946, 3.2e-08, 23.13},
    {13, 1.40, 1.9953, 5.9e-09, 31.94},   {14, 1.40, 2.0016, 1.1e-09, 43.57},
    {15, 1.40, 1.9633, 2.5e-10, 66.98},   {16, 1.40, 1.9721, 4.6e-11, 91.23},
    {4, 1.50, 1.9085, 3.6e-03, 1.76},     {5, 1.50, 1.9785, 7.3e-04, 2.17},
    {6, 1.50, 2.0149, 1.5e-04, 2.71},     {7, 1.50, 2.0320, 3.0e-05, 3.43},
    {8, 1.50, 1.9272, 6.3e-06, 4.92},     {9, 1.50, 2.0394, 1.4e-06, 5.68},
    {10, 1.50, 1.9900, 1.9e-07, 7.87},    {11, 1.50, 2.0073, 3.3e-08, 10.07},
    {12, 1.50, 2.0701, 7.3e-09, 11.94},   {13, 1.50, 2.0757, 1.2e-09, 15.39},
    {14, 1.50, 2.0764, 2.0e-10, 20.01},   {15, 1.50, 2.0399, 3.7e-11, 28.13},
    {16, 1.50, 2.0484, 6.1e-12, 36.23},   {4, 1.60, 1.9817, 2.5e-03, 1.51},
    {5, 1.60, 2.0485, 4.6e-04, 1.79},     {6, 1.60, 2.0836, 8.3e-05, 2.15},
    {7, 1.60, 2.0992, 1.5e-05, 2.60},     {8, 1.60, 2.1173, 2.5e-06, 3.16},
    {9, 1.60, 2.0346, 4.2e-07, 4.20},     {10, 1.60, 2.0596, 6.6e-08, 5.12},
    {11, 1.60, 2.0768, 1.0e-08, 6.27},    {12, 1.60, 2.1361, 2.2e-09, 7.28},
    {13, 1.60, 2.1419, 3.3e-10, 8.98},    {14, 1.60, 2.1413, 4.8e-11, 11.19},
    {15, 1.60, 2.1071, 7.6e-12, 14.74},   {16, 1.60, 2.1152, 1.2e-12, 18.21},
    {4, 1.75, 2.0757, 1.6e-03, 1.29},     {5, 1.75, 2.1381, 2.6e-04, 1.46},
    {6, 1.75, 2.1714, 4.1e-05, 1.67},     {7, 1.75, 2.1856, 6.8e-06, 1.93},
    {8, 1.75, 2.2037, 9.5e-07, 2.23},     {9, 1.75, 2.1241, 1.4e-07, 2.75},
    {10, 1.75, 2.1432, 2.0e-08, 3.22},    {11, 1.75, 2.1655, 2.5e-09, 3.75},
    {12, 1.75, 2.1770, 3.7e-10, 4.41},    {13, 1.75, 2.2265, 6.6e-11, 4.99},
    {14, 1.75, 2.2292, 9.7e-12, 5.89},    {15, 1.75, 2.1937, 1.1e-12, 7.29},
    {16, 1.75, 2.2011, 1.9e-13, 8.60},    {4, 2.00, 2.1997, 9.7e-04, 1.08},
    {5, 2.00, 2.2572, 1.3e-04, 1.16},     {6, 2.00, 2.2881, 1.8e-05, 1.27},
    {7, 2.00, 2.1670, 2.6e-06, 1.44},     {8, 2.00, 2.2130, 2.9e-07, 1.59},
    {9, 2.00, 2.2446, 3.4e-08, 1.75},     {10, 2.00, 2.2660, 3.9e-09, 1.94},
    {11, 2.00, 2.2826, 4.7e-10, 2.16},    {12, 2.00, 2.2896, 6.1e-11, 2.42},
    {13, 2.00, 2.3395, 8.9e-12, 2.64},    {14, 2.00, 2.3398, 1.4e-12, 2.97},
    {15, 2.00, 2.2676, 1.1e-13, 3.53},    {16, 2.00, 2.2732, 4.1e-14, 3.97},
};

constexpr int kNodesPerTap = 16;  // ample for degree 11 times waves of half a turn a tap

/// Gauss-Legendre abscissae and weights on [-1, 1], by Newton's method on the polynomial.
struct GaussLegendre {
  GaussLegendre() {
    for (int i = 0; i < kNodesPerTap; ++i) {
      double x = std::cos(std::numbers::pi * (i + 0.75) / (kNodesPerTap + 0.5));
      double slope = 0;
      for (int step = 0; step < 100; ++step) {
        double before = 1;
        double value = x;
        for (int k = 2; k <= kNodesPerTap; ++k) {
          const double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
          before = value;
          value = next;
        }
        slope = kNodesPerTap * (x * value - before) / (x * x - 1);
        const double move = value / slope;
        x -= move;
        if (std::abs(move) < 1e-16) {
          break;
        }
      }
      nodes[static_cast<std::size_t>(i)] = x;
      weights[static_cast<std::size_t>(i)] = 2 / ((1 - x * x) * slope * slope);
    }
  }
  std::array<double, kNodesPerTap> nodes{};
  std::array<double, kNodesPerTap> weights{};
};

/// Powers of y of the polynomial through `function` at the Chebyshev points of [-1, 1].
template <class Function>
std::vector<double> fit(int degree, const Function& function) {
  const int n = degree + 1;
  std::vector<double> samples;
  for (int i = 0; i < n; ++i) {
    samples.push_back(function(std::cos(std::numbers::pi * (i + 0.5) / n)));
  }
  std::vector<double> powers(static_cast<std::size_t>(n), 0.0);
  std::vector<double> before(static_cast<std::size_t>(n), 0.0);  // T_{k-1} in powers of y
  std::vector<double> chebyshev(static_cast<std::size_t>(n), 0.0);
  chebyshev[0] = 1;
  for (int k = 0; k < n; ++k) {
    double projection = 0;
    for (int i = 0; i < n; ++i) {
      projection +=
          samples[static_cast<std::size_t>(i)] * std::cos(std::numbers::pi * k * (i + 0.5) / n);
    }
    projection *= (k == 0 ? 1.0 : 2.0) / n;
    std::vector<double> next(static_cast<std::size_t>(n), 0.0);
    for (std::size_t p = 0; p < powers.size(); ++p) {
      powers[p] += projection * chebyshev[p];
      if (p > 0) {
        next[p] = (k == 0 ? 1.0 : 2.0) * chebyshev[p - 1];
      }
      next[p] -= before[p];
    }
    before = chebyshev;
    chebyshev = next;
  }
  return powers;
}

}  // namespace

std::span<const KernelChoice> kernel_choices() { return kChoices; }

bool keeps_accuracy(const KernelChoice& kernel, double accuracy, double amplification,
                    std::size_t real_bytes) {
  // What a tap loses by rounding, measured on sources in the corners of the field.
  const double rounding = real_bytes == sizeof(float) ? 3.5e-8 : 6.5e-17;
  return std::sqrt(3.0) * kernel.error <= 0.8 * accuracy &&
         rounding * amplification <= 0.4 * accuracy;
}

PolynomialKernel::PolynomialKernel(const KernelChoice& choice) : taps_(choice.taps) {
  static const GaussLegendre rule;
  const double half = taps_ / 2.0;
  const int degree = kernel_degree(taps_);
  for (int tap = 0; tap < taps_; ++tap) {
    const auto powers = fit(degree, [&](double y) {
      const double x = (tap - half + (y + 1) / 2) / half;
      return std::exp(choice.beta * taps_ * (std::sqrt(std::max(0.0, 1 - x * x)) - 1));
    });
    coefficients_.insert(coefficients_.end(), powers.begin(), powers.end());
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      double value = 0;
      for (int power = degree; power >= 0; --power) {
        value = value * rule.nodes[i] + powers[static_cast<std::size_t>(power)];
      }
      node_turns_.push_back(2 * std::numbers::pi * (tap - half + (rule.nodes[i] + 1) / 2));
      node_weights_.push_back(value * rule.weights[i] / 2);
    }
  }
}

double PolynomialKernel::transform(double frequency) const {
  double sum = 0;
  for (std::size_t i = 0; i < node_turns_.size(); ++i) {
    sum += node_weights_[i] * std::cos(node_turns_[i] * frequency);
  }
  return sum;
}

}  // namespace skymill::kernels
