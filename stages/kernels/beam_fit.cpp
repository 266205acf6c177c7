// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/gaussian_lm.h>
#include <stages/kernels/pixel_loops.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace skymill::kernels {

namespace {

constexpr double kLeastPeak = 1e-7;
constexpr std::ptrdiff_t kWindow = 20;  // pixels on either side of the peak
constexpr std::ptrdiff_t kMargin = 5;   // pixels around the main lobe
constexpr double kPatchPixels = 3001;   // wanted on the oversampled patch
constexpr double kLeastCutoff = 0.009;
constexpr double kCutoffStep = 1.5;
constexpr int kCutoffTrials = 50;
constexpr int kAngleTrials = 10;

constexpr double kStartFwhm = 2.5;  // pixels
constexpr double kStartRatio = 0.5;
constexpr double kStartAngle = 1.0;

using Signed = std::ptrdiff_t;

void require_cells(const char* where, double cell_x_rad, double cell_y_rad) {
  if (!(cell_x_rad < 0) || !(cell_y_rad > 0) || !std::isfinite(cell_x_rad) ||
      !std::isfinite(cell_y_rad)) {
    throw std::invalid_argument(std::string(where) + ": cells of " + std::to_string(cell_x_rad) +
                                " and " + std::to_string(cell_y_rad) +
                                " rad; x must be negative and y positive");
  }
}

/// The least and the greatest of a row and 0.
PixelRange range_of_row(View<const float, 2> plane, std::size_t y) {
  if (plane.stride(1) == 1) {
    return range_of_pixels(&plane(y, 0), plane.extent(1));
  }
  PixelRange range;
  for (std::size_t x = 0; x < plane.extent(1); ++x) {
    range.least = std::min(range.least, plane(y, x));
    range.greatest = std::max(range.greatest, plane(y, x));
  }
  return range;
}

/// A square piece of a plane, `side` pixels wide, row after row.
struct Patch {
  Signed side = 0;
  Signed peak_x = 0;  // pixel of the peak within the patch
  Signed peak_y = 0;
  std::vector<double> pixels;

  double at(Signed y, Signed x) const { return pixels[static_cast<std::size_t>(y * side + x)]; }
};

/// Cuts (2*reach + 1)^2 pixels around the peak; zero beyond the image.
Patch cut(View<const float, 2> psf, Signed peak_x, Signed peak_y, Signed reach) {
  const auto ny = static_cast<Signed>(psf.extent(0));
  const auto nx = static_cast<Signed>(psf.extent(1));
  Patch patch{2 * reach + 1, reach, reach, {}};
  for (Signed y = peak_y - reach; y <= peak_y + reach; ++y) {
    for (Signed x = peak_x - reach; x <= peak_x + reach; ++x) {
      const bool inside = y >= 0 && y < ny && x >= 0 && x < nx;
      patch.pixels.push_back(inside ? static_cast<double>(psf(y, x)) : 0.0);
    }
  }
  return patch;
}

/// Pixels (y, x) above the cut-off that are connected to the peak through such pixels.
std::vector<std::pair<Signed, Signed>> main_lobe(const Patch& patch, double cutoff) {
  std::vector<std::pair<Signed, Signed>> lobe;
  std::vector<std::uint8_t> seen(patch.pixels.size(), 0);
  const auto visit = [&](Signed y, Signed x) {
    if (y < 0 || y >= patch.side || x < 0 || x >= patch.side) {
      return;
    }
    std::uint8_t& flag = seen[static_cast<std::size_t>(y * patch.side + x)];
    if (flag == 0 && patch.at(y, x) > cutoff) {
      flag = 1;
      lobe.emplace_back(y, x);
    }
  };
  visit(patch.peak_y, patch.peak_x);
  for (std::size_t k = 0; k < lobe.size(); ++k) {  // the list grows while it is walked
    const auto [y, x] = lobe[k];
    visit(y - 1, x);
    visit(y + 1, x);
    visit(y, x - 1);
    visit(y, x + 1);
  }
  return lobe;
}

/// Turns samples into coefficients of the cubic B-spline through them (mirrored at the ends).
/// A spline because the four-point cubic is low between pixels: 1 % of the width of a beam that
/// is three pixels wide. Recursive filter of Unser, Aldroubi and Eden 1993.
void to_spline(double* line, Signed n, Signed stride) {
  const double pole = std::sqrt(3.0) - 2;
  constexpr double kGain = 6;
  double start = 0;
  double power = 1;
  for (Signed k = 0; k < n; ++k) {
    start += power * line[k * stride];
    power *= pole;
  }
  line[0] = kGain * start;
  for (Signed k = 1; k < n; ++k) {
    line[k * stride] = kGain * line[k * stride] + pole * line[(k - 1) * stride];
  }
  line[(n - 1) * stride] =
      pole / (pole * pole - 1) * (line[(n - 1) * stride] + pole * line[(n - 2) * stride]);
  for (Signed k = n - 2; k >= 0; --k) {
    line[k * stride] = pole * (line[(k + 1) * stride] - line[k * stride]);
  }
}

/// Spline weights of four neighbours for a point a fraction t beyond the second of them.
std::array<double, 4> cubic_weights(double t) {
  const double s = 1 - t;
  return {s * s * s / 6, (4 - 6 * t * t + 3 * t * t * t) / 6, (4 - 6 * s * s + 3 * s * s * s) / 6,
          t * t * t / 6};
}

/// Value at a point; the patch holds spline coefficients.
double cubic_at(const Patch& patch, double y, double x) {
  const auto base_y = static_cast<Signed>(std::floor(y));
  const auto base_x = static_cast<Signed>(std::floor(x));
  const auto wy = cubic_weights(y - static_cast<double>(base_y));
  const auto wx = cubic_weights(x - static_cast<double>(base_x));
  double sum = 0;
  for (Signed j = 0; j < 4; ++j) {
    for (Signed i = 0; i < 4; ++i) {
      const Signed py = std::clamp(base_y + j - 1, Signed{0}, patch.side - 1);
      const Signed px = std::clamp(base_x + i - 1, Signed{0}, patch.side - 1);
      sum += wy[static_cast<std::size_t>(j)] * wx[static_cast<std::size_t>(i)] * patch.at(py, px);
    }
  }
  return sum;
}

/// `factor` points a pixel, peak on a point, divided by the largest value.
Patch oversample(Patch patch, Signed factor) {
  for (Signed k = 0; k < patch.side; ++k) {
    to_spline(&patch.pixels[static_cast<std::size_t>(k * patch.side)], patch.side, 1);
  }
  for (Signed k = 0; k < patch.side; ++k) {
    to_spline(&patch.pixels[static_cast<std::size_t>(k)], patch.side, patch.side);
  }
  Patch fine{(patch.side - 1) * factor + 1, patch.peak_x * factor, patch.peak_y * factor, {}};
  fine.pixels.reserve(static_cast<std::size_t>(fine.side * fine.side));
  for (Signed y = 0; y < fine.side; ++y) {
    for (Signed x = 0; x < fine.side; ++x) {
      fine.pixels.push_back(cubic_at(patch, static_cast<double>(y) / static_cast<double>(factor),
                                     static_cast<double>(x) / static_cast<double>(factor)));
    }
  }
  const double peak = *std::max_element(fine.pixels.begin(), fine.pixels.end());
  for (double& pixel : fine.pixels) {
    pixel /= peak;
  }
  return fine;
}

/// Main lobe of the oversampled patch as points east and north of the peak, in units of the steps.
std::vector<LobePoint> lobe_points(View<const float, 2> psf, Signed peak_x, Signed peak_y,
                                   double cutoff, double east_step, double north_step) {
  const Patch window = cut(psf, peak_x, peak_y, kWindow);
  Signed reach = 0;
  for (const auto& [y, x] : main_lobe(window, cutoff)) {
    reach = std::max({reach, std::abs(y - kWindow), std::abs(x - kWindow)});
  }
  const Patch patch = cut(psf, peak_x, peak_y, reach + kMargin);
  const auto area = static_cast<double>(patch.side * patch.side);
  const Signed factor = std::max(Signed{1}, static_cast<Signed>(std::sqrt(kPatchPixels / area)));
  const Patch fine = oversample(patch, factor);
  std::vector<LobePoint> points;
  for (const auto& [y, x] : main_lobe(fine, cutoff)) {
    points.push_back(
        {static_cast<double>(x - fine.peak_x) / static_cast<double>(factor) * east_step,
         static_cast<double>(y - fine.peak_y) / static_cast<double>(factor) * north_step,
         fine.at(y, x)});
  }
  return points;
}

std::optional<GaussianShape> fit_at_cutoff(const std::vector<LobePoint>& points) {
  for (int trial = 0; trial < kAngleTrials; ++trial) {
    const double angle = kStartAngle + trial * std::numbers::pi / 10;
    if (auto shape = fit_gaussian(points, {kStartFwhm, kStartRatio, angle})) {
      return shape;
    }
  }
  return std::nullopt;
}

GaussianBeam to_beam(GaussianShape shape, double unit_rad) {
  double major = std::abs(shape.fwhm);
  double minor = std::abs(shape.fwhm * shape.ratio);
  double angle = shape.pa_rad;
  if (minor > major) {
    std::swap(major, minor);
    angle -= std::numbers::pi / 2;
  }
  angle = std::remainder(angle, std::numbers::pi);
  if (angle <= -std::numbers::pi / 2) {
    angle += std::numbers::pi;
  }
  return {major * unit_rad, minor * unit_rad, angle};
}

}  // namespace

double GaussianBeam::operator()(double l_rad, double m_rad) const {
  const double sine = std::sin(pa_rad);
  const double cosine = std::cos(pa_rad);
  const double along = (l_rad * sine + m_rad * cosine) / major_rad;
  const double across = (l_rad * cosine - m_rad * sine) / minor_rad;
  return std::exp(-4 * std::numbers::ln2 * (along * along + across * across));
}

double GaussianBeam::solid_angle_sr() const {
  return std::numbers::pi * major_rad * minor_rad / (4 * std::numbers::ln2);
}

std::optional<GaussianBeam> fit_beam(View<const float, 2> psf, double cell_x_rad, double cell_y_rad,
                                     double psfcutoff) {
  require_cells("fit_beam", cell_x_rad, cell_y_rad);
  if (!(psfcutoff > 0) || !(psfcutoff < 1)) {
    throw std::invalid_argument("fit_beam: psfcutoff " + std::to_string(psfcutoff) +
                                " must lie between 0 and 1");
  }
  const std::size_t ny = psf.extent(0);
  const std::size_t nx = psf.extent(1);
  std::size_t peak_x = 0;
  std::size_t peak_y = 0;
  float peak = 0;
  for (std::size_t y = 0; y < ny; ++y) {
    const float greatest = range_of_row(psf, y).greatest;
    if (!(greatest > peak)) continue;
    peak = greatest;
    peak_y = y;
    peak_x = 0;
    while (psf(y, peak_x) != peak) ++peak_x;
  }
  const bool central =
      4 * peak_x >= nx && 4 * peak_x <= 3 * nx && 4 * peak_y >= ny && 4 * peak_y <= 3 * ny;
  if (!(static_cast<double>(peak) > kLeastPeak) || !std::isfinite(peak) || !central) {
    return std::nullopt;
  }
  const double unit = std::sqrt(-cell_x_rad * cell_y_rad);
  double cutoff = psfcutoff;
  for (int trial = 0; trial < kCutoffTrials && cutoff >= kLeastCutoff; ++trial) {
    const auto points = lobe_points(psf, static_cast<Signed>(peak_x), static_cast<Signed>(peak_y),
                                    cutoff, cell_x_rad / unit, cell_y_rad / unit);
    if (const auto shape = fit_at_cutoff(points)) {
      return to_beam(*shape, unit);
    }
    cutoff /= kCutoffStep;
  }
  return std::nullopt;
}

double sidelobe_level(View<const float, 2> psf, const GaussianBeam& beam, double cell_x_rad,
                      double cell_y_rad) {
  require_cells("sidelobe_level", cell_x_rad, cell_y_rad);
  if (!(beam.major_rad > 0) || !(beam.minor_rad > 0)) {
    throw std::invalid_argument("sidelobe_level: the beam has no width");
  }
  const auto centre_y = static_cast<double>(psf.extent(0) / 2);
  const auto centre_x = static_cast<double>(psf.extent(1) / 2);
  double lowest = 0;
  double highest = 0;
  for (std::size_t y = 0; y < psf.extent(0); ++y) {
    const PixelRange range = range_of_row(psf, y);
    lowest = std::min(lowest, static_cast<double>(range.least));
    // Only a pixel above the running maximum can raise it: the Gaussian is positive.
    if (!(static_cast<double>(range.greatest) > highest)) continue;
    for (std::size_t x = 0; x < psf.extent(1); ++x) {
      const auto value = static_cast<double>(psf(y, x));
      if (value > highest) {
        const double gaussian = beam((static_cast<double>(x) - centre_x) * cell_x_rad,
                                     (static_cast<double>(y) - centre_y) * cell_y_rad);
        highest = std::max(highest, value - gaussian);
      }
    }
  }
  return std::max(-lowest, highest);
}

}  // namespace skymill::kernels
