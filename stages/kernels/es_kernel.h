// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the kernel behind WGridder.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace skymill::kernels {

/// Parameters of one "exponential of semicircle" kernel exp(beta taps (sqrt(1 - x^2) - 1)),
/// |x| <= 1 over `taps` cells (Barnett, Magland, af Klinteberg 2019, SIAM J. Sci. Comput. 41,
/// C479), for a grid at least `oversampling` times finer than the field needs.
struct KernelChoice {
  int taps;
  double oversampling;
  double beta;
  double error;          ///< largest aliased amplitude of one axis, relative, anywhere in the field
  double amplification;  ///< of rounding errors by the correction of one axis at the field's edge
};

inline constexpr int kLeastTaps = 4;
inline constexpr int kMostTaps = 16;

/// Degree of the polynomials that stand for the kernel, one per tap.
constexpr int kernel_degree(int taps) { return (taps + 1) / 2 + 3; }

/// Whether a kernel keeps an accuracy where three axes may alias and rounding errors of
/// `real_bytes` wide numbers are amplified by `amplification` in all.
bool keeps_accuracy(const KernelChoice& kernel, double accuracy, double amplification,
                    std::size_t real_bytes);

/// Every kernel there is to choose from, in no order that matters.
std::span<const KernelChoice> kernel_choices();

/// A kernel as it is computed: a polynomial per tap, and the Fourier transform of just that, so
/// that the fit of the polynomials costs no accuracy beyond KernelChoice::error.
class PolynomialKernel {
 public:
  explicit PolynomialKernel(const KernelChoice& choice);

  int taps() const { return taps_; }
  /// Coefficient of y^power of tap j, which covers [-taps/2 + j, -taps/2 + j + 1] cells while y
  /// runs over [-1, 1].
  double coefficient(int tap, int power) const {
    return coefficients_[static_cast<std::size_t>(tap * (kernel_degree(taps_) + 1) + power)];
  }
  /// Fourier transform at `frequency` turns per cell. It is even.
  double transform(double frequency) const;

 private:
  int taps_;
  std::vector<double> coefficients_;
  std::vector<double> node_turns_;  // abscissae of the quadrature times 2 pi
  std::vector<double> node_weights_;
};

}  // namespace skymill::kernels
