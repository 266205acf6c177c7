// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: how WGridder treats the phase exp(-2 pi i w (n - 1)).
#pragma once

#include <stages/kernels/es_kernel.h>

#include <complex>
#include <cstddef>
#include <optional>
#include <vector>

namespace skymill::kernels {

/// A number of uv planes whose images, each times a factor of its pixels, add up to the image
/// with the w term. Whatever the way, samples are first turned to the middle q0 of the values
/// q = n - 1 of the field, by exp(-2 pi i w q0).
///
/// kExpansion, for |w q| up to a few turns: exp(-i a x y) = sum_k (2 - [k = 0]) (-i)^k T_k(x)
/// J_k(a y) with x = w/w_max and y = (q - q0)/q_half. A sample enters plane k with the real
/// T_k(x), so that the planes keep the symmetry of real images and half of each is enough.
///
/// kStacking: improved w-stacking (Ye, Gull, Tan, Nikolic 2022, MNRAS 510, 4110): samples at
/// w >= 0, spread with the gridding kernel over planes of constant w; the image of a plane is
/// turned by its own phase, and the transform of the kernel is divided out. Planes are complex.
struct WTermPlan {
  enum class Kind { kNone, kExpansion, kStacking };

  Kind kind = Kind::kNone;
  std::size_t planes = 1;
  double q_middle = 0;
  double q_half = 0;      ///< half the range of q
  double w_scale = 0;     ///< kExpansion: 1/w_max; kStacking: planes per wavelength
  double w_first = 0;     ///< kStacking: w of plane 0, wavelengths
  KernelChoice kernel{};  ///< kStacking: along w

  double plane_w(std::size_t plane) const { return w_first + static_cast<double>(plane) / w_scale; }
};

/// What the plan is made from: |w| of the samples in wavelengths, and the largest 1 - n in the
/// field. `plane_cost` and `sample_cost` are those of the transforms of a half plane and of all
/// samples on one plane, in one unit.
struct WTermInput {
  double least_w = 0;
  double largest_w = 0;
  double largest_q = 0;
  double accuracy = 0;
  double plane_cost = 0;
  double sample_cost = 0;
  double amplification = 1;  ///< of rounding errors by the gridding of u and v
  std::size_t real_bytes = 8;
};

/// The cheapest plan whose error stays below the accuracy; no planes beyond the one when the
/// largest phase of the w term does.
WTermPlan plan_w_term(const WTermInput& input);

/// The least amplification that stacking to an accuracy adds to that of u and v.
double least_stacking_amplification(double accuracy);

/// value times (-i)^power, or (+i)^power.
template <class Real>
std::complex<Real> times_power_of_i(std::complex<Real> value, std::size_t power, bool positive) {
  switch ((positive ? power : 4 - power % 4) % 4) {
    case 1:
      return {-value.imag(), value.real()};
    case 2:
      return -value;
    case 3:
      return {value.imag(), -value.real()};
    default:
      return value;
  }
}

/// Factors of the pixels of a plane. Functions of y = (q - q_middle)/q_half.
class WTermFactors {
 public:
  WTermFactors(const WTermPlan& plan, double accuracy);

  /// kExpansion: the real factor of plane k at every pixel of a row: l2 and m2 are the squares of
  /// the direction cosines. Pixels beyond the horizon get zero.
  template <class Real>
  void expansion_row(std::size_t plane, const double* l2, double m2, std::size_t n,
                     Real* factors) const;
  /// kStacking: cosine and sine of 2 pi w (q - q_middle) over the transform of the kernel.
  template <class Real>
  void stacking_row(std::size_t plane, const double* l2, double m2, std::size_t n, Real* cosines,
                    Real* sines) const;
  /// kStacking: weights of samples on the plane `tap` after the first that they enter, from the
  /// arguments of the polynomials.
  template <class Real>
  void stacking_taps(int tap, const Real* arguments, std::size_t n, Real* weights) const;

 private:
  WTermPlan plan_;
  std::optional<PolynomialKernel> kernel_;
  std::vector<std::vector<double>> series_;  // per plane, in powers of y^2
};

}  // namespace skymill::kernels
