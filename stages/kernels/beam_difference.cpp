// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/beam_difference.h>
#include <stages/kernels/restore.h>

#include <algorithm>
#include <cmath>

namespace skymill::kernels {

namespace {

constexpr double kSticksOut = 1e-6;

/// Squares of the widths of a beam along m and l, and the product between them.
struct Widths {
  double mm = 0;
  double lm = 0;
  double ll = 0;
};

Widths widths_of(const GaussianBeam& beam) {
  const double s = std::sin(beam.pa_rad);
  const double c = std::cos(beam.pa_rad);
  const double major = beam.major_rad * beam.major_rad;
  const double minor = beam.minor_rad * beam.minor_rad;
  return {major * c * c + minor * s * s, (major - minor) * s * c, major * s * s + minor * c * c};
}

/// The sum of a beam of peak 1 over the pixels.
double pixel_sum(const GaussianBeam& beam, double cell_x_rad, double cell_y_rad) {
  const auto reach = [&](double cell_rad) {
    return static_cast<int>(std::ceil(3 * beam.major_rad / std::abs(cell_rad)));
  };
  double sum = 0;
  for (int y = -reach(cell_y_rad); y <= reach(cell_y_rad); ++y) {
    for (int x = -reach(cell_x_rad); x <= reach(cell_x_rad); ++x) {
      sum += beam(x * cell_x_rad, y * cell_y_rad);
    }
  }
  return sum;
}

}  // namespace

std::optional<GaussianBeam> beam_difference(const GaussianBeam& target, const GaussianBeam& beam) {
  const Widths a = widths_of(target);
  const Widths b = widths_of(beam);
  const Widths d{a.mm - b.mm, a.lm - b.lm, a.ll - b.ll};
  const double mean = 0.5 * (d.mm + d.ll);
  const double half = std::hypot(0.5 * (d.mm - d.ll), d.lm);
  if (mean - half < -kSticksOut * target.major_rad * target.major_rad) {
    return std::nullopt;
  }
  return GaussianBeam{std::sqrt(std::max(0.0, mean + half)), std::sqrt(std::max(0.0, mean - half)),
                      0.5 * std::atan2(2 * d.lm, d.mm - d.ll)};
}

bool convolve_to_beam(View<const float, 2> plane, const GaussianBeam& beam,
                      const GaussianBeam& target, double cell_x_rad, double cell_y_rad,
                      View<float, 2> out) {
  const auto difference = beam_difference(target, beam);
  if (!difference || !(difference->minor_rad > std::hypot(cell_x_rad, cell_y_rad))) {
    return false;
  }
  for (std::size_t y = 0; y < out.extent(0); ++y) {
    for (std::size_t x = 0; x < out.extent(1); ++x) {
      out(y, x) = 0;
    }
  }
  // The same convolution as that of a model: only its scale differs.
  restore(out, plane, *difference, cell_x_rad, cell_y_rad, out, RestoreMethod::kFft);
  const double scale = target.solid_angle_sr() / beam.solid_angle_sr() /
                       pixel_sum(*difference, cell_x_rad, cell_y_rad);
  for (std::size_t y = 0; y < out.extent(0); ++y) {
    for (std::size_t x = 0; x < out.extent(1); ++x) {
      out(y, x) = static_cast<float>(out(y, x) * scale);
    }
  }
  return true;
}

}  // namespace skymill::kernels
