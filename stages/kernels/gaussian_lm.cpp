// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/gaussian_lm.h>

#include <array>
#include <cmath>
#include <numbers>

namespace skymill::kernels {

namespace {

constexpr int kMaxSteps = 1000;
constexpr double kSettled = 1e-7;  // relative change of every parameter
constexpr double kMaxDamping = 1e12;
constexpr double kLeastRatio = 0.02;
constexpr double kLeastFwhm = 0.2;  // pixels

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;

struct NormalEquations {
  Matrix3 curvature{};
  Vector3 gradient{};
  double chi_square = 0;
};

/// Height of the Gaussian and its derivatives by fwhm, ratio and angle.
double evaluate(const GaussianShape& shape, const LobePoint& point, Vector3& derivative) {
  constexpr double kScale = 4 * std::numbers::ln2;
  const double sine = std::sin(shape.pa_rad);
  const double cosine = std::cos(shape.pa_rad);
  const double along = (point.east * sine + point.north * cosine) / shape.fwhm;
  const double across = (point.east * cosine - point.north * sine) / shape.fwhm;
  const double inverse = 1 / (shape.ratio * shape.ratio);
  const double exponent = kScale * (along * along + across * across * inverse);
  const double height = std::exp(-exponent);
  derivative = {height * 2 * exponent / shape.fwhm,
                height * 2 * kScale * across * across * inverse / shape.ratio,
                -height * 2 * kScale * along * across * (1 - inverse)};
  return height;
}

NormalEquations normal_equations(const std::vector<LobePoint>& points, const GaussianShape& shape) {
  NormalEquations equations;
  for (const LobePoint& point : points) {
    Vector3 derivative{};
    const double difference = point.value - evaluate(shape, point, derivative);
    equations.chi_square += difference * difference;
    for (std::size_t i = 0; i < 3; ++i) {
      equations.gradient[i] += derivative[i] * difference;
      for (std::size_t j = 0; j < 3; ++j) {
        equations.curvature[i][j] += derivative[i] * derivative[j];
      }
    }
  }
  return equations;
}

double determinant(const Matrix3& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
         m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/// Step of the damped equations by Cramer's rule.
Vector3 damped_step(const NormalEquations& equations, double damping) {
  Matrix3 matrix = equations.curvature;
  for (std::size_t i = 0; i < 3; ++i) {
    // The floor keeps the angle of a circular beam, which nothing determines, from moving.
    matrix[i][i] = matrix[i][i] * (1 + damping) + 1e-9;
  }
  const double whole = determinant(matrix);
  Vector3 step{};
  for (std::size_t column = 0; column < 3; ++column) {
    Matrix3 replaced = matrix;
    for (std::size_t row = 0; row < 3; ++row) {
      replaced[row][column] = equations.gradient[row];
    }
    step[column] = determinant(replaced) / whole;
  }
  return step;
}

bool sensible(const GaussianShape& shape) {
  return std::isfinite(shape.fwhm) && std::isfinite(shape.ratio) && std::isfinite(shape.pa_rad) &&
         shape.fwhm > kLeastFwhm && shape.ratio > kLeastRatio && shape.ratio < 1 / kLeastRatio;
}

}  // namespace

std::optional<GaussianShape> fit_gaussian(const std::vector<LobePoint>& points,
                                          const GaussianShape& start) {
  if (points.size() < 4) {
    return std::nullopt;
  }
  GaussianShape shape = start;
  NormalEquations equations = normal_equations(points, shape);
  double damping = 1e-3;
  for (int count = 0; count < kMaxSteps && damping < kMaxDamping; ++count) {
    const Vector3 step = damped_step(equations, damping);
    const GaussianShape trial{shape.fwhm + step[0], shape.ratio + step[1], shape.pa_rad + step[2]};
    if (!sensible(trial)) {
      damping *= 10;
      continue;
    }
    const NormalEquations next = normal_equations(points, trial);
    const bool settled = std::abs(step[0]) < kSettled * shape.fwhm &&
                         std::abs(step[1]) < kSettled && std::abs(step[2]) < kSettled;
    if (next.chi_square <= equations.chi_square) {
      shape = trial;
      equations = next;
      damping *= 0.1;
    } else {
      damping *= 10;
    }
    if (settled) {
      return shape;
    }
  }
  return std::nullopt;
}

}  // namespace skymill::kernels
