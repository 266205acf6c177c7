// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/spheroidal.h>

#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr std::array<double, 5> kNumeratorInner{8.203343e-2, -3.644705e-1, 6.278660e-1,
                                                -5.335581e-1, 2.312756e-1};
constexpr std::array<double, 3> kDenominatorInner{1.0, 8.212018e-1, 2.078043e-1};
constexpr std::array<double, 5> kNumeratorOuter{4.028559e-3, -3.697768e-2, 1.021332e-1,
                                                -1.201436e-1, 6.412774e-2};
constexpr std::array<double, 3> kDenominatorOuter{1.0, 9.599102e-1, 2.918724e-1};

constexpr double kInnerEdge = 0.75;  // nu where the two approximations meet

template <std::size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) {
  double value = 0;
  for (std::size_t i = N; i-- > 0;) {
    value = value * x + coefficients[i];
  }
  return value;
}

}  // namespace

double spheroidal(double nu) {
  const double distance = std::abs(nu);
  if (!(distance <= 1.0)) {
    return 0.0;
  }
  if (distance < kInnerEdge) {
    const double d = distance * distance - kInnerEdge * kInnerEdge;
    return polynomial(kNumeratorInner, d) / polynomial(kDenominatorInner, d);
  }
  const double d = distance * distance - 1.0;
  return polynomial(kNumeratorOuter, d) / polynomial(kDenominatorOuter, d);
}

double kernel_table(int k) {
  if (k < 0) {
    throw std::invalid_argument("kernel_table: index " + std::to_string(k) + " is negative");
  }
  constexpr int kEnd = kKernelReach * kKernelOversampling;
  if (k >= kEnd) {
    return 0.0;
  }
  const double nu = static_cast<double>(k) / kEnd;
  return (1.0 - nu * nu) * spheroidal(nu);
}

std::array<double, kKernelTaps> normalised_taps(int offset) {
  if (2 * std::abs(offset) > kKernelOversampling) {
    throw std::invalid_argument("normalised_taps: offset " + std::to_string(offset) +
                                " is outside -50..50 hundredths of a cell");
  }
  std::array<double, kKernelTaps> taps{};
  double sum = 0;
  for (int i = 0; i < kKernelTaps; ++i) {
    const int k = kKernelOversampling * (i - kKernelReach) + offset;
    taps[static_cast<std::size_t>(i)] = kernel_table(std::abs(k));
    sum += taps[static_cast<std::size_t>(i)];
  }
  for (double& tap : taps) {
    tap /= sum;
  }
  return taps;
}

}  // namespace skymill::kernels
