// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/primary_beams.h>
#include <stages/image/sky_pixel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kArcminPerRad = 60 * 180 / std::numbers::pi;
constexpr std::size_t kRimSteps = 10000;
constexpr float kMasked = std::numeric_limits<float>::quiet_NaN();

}  // namespace

PrimaryBeams::PrimaryBeams(DishBeam beam, const ImageHeader& image,
                           const std::vector<BeamPointing>& pointings)
    : beam_(std::move(beam)),
      nx_(image.nx),
      ny_(image.ny),
      cell_x_arcmin_(image.cell_x_rad * kArcminPerRad),
      cell_y_arcmin_(image.cell_y_rad * kArcminPerRad) {
  double sum = 0;
  for (const BeamPointing& pointing : pointings) sum += pointing.weight;
  for (const BeamPointing& pointing : pointings) {
    const auto pixel = sky_pixel(image, pointing.direction);
    if (!pixel) {
      throw Error(ErrorKind::description, "the image is on the other side of the sky from the data",
                  "look at phasecenter");
    }
    axes_.push_back({(*pixel)[0], (*pixel)[1], pointing.weight / sum});
  }
}

double PrimaryBeams::power_at(double x, double y, double scale) const {
  double power = 0;
  for (const Axis& axis : axes_) {
    const double dx = (x - axis.x) * cell_x_arcmin_ * scale;
    const double dy = (y - axis.y) * cell_y_arcmin_ * scale;
    power += axis.share * beam_.power(std::sqrt(dx * dx + dy * dy));
  }
  return power;
}

void PrimaryBeams::rows(double freq_hz, std::size_t first, std::size_t rows, float* out) const {
  const double scale = freq_hz * 1e-9;
  for (std::size_t y = first; y < first + rows; ++y) {
    for (std::size_t x = 0; x < nx_; ++x) {
      *out++ = static_cast<float>(power_at(static_cast<double>(x), static_cast<double>(y), scale));
    }
  }
}

std::vector<kernels::PixelRun> PrimaryBeams::above(double freq_hz, double level) const {
  if (0 > level) return kernels::masked_runs({}, {ny_, nx_});
  if (axes_.size() == 1) return above_one(freq_hz, level);
  std::vector<kernels::PixelRun> runs;
  std::vector<float> power(nx_);
  for (std::size_t y = 0; y < ny_; ++y) {
    rows(freq_hz, y, 1, power.data());
    for (std::size_t x = 0; x < nx_; ++x) {
      if (static_cast<double>(power[x]) > level) kernels::add_pixel(y, x, runs);
    }
  }
  return runs;
}

std::vector<kernels::PixelRun> PrimaryBeams::above_one(double freq_hz, double level) const {
  const auto inside = [level](double power) {
    return static_cast<double>(static_cast<float>(power)) > level;
  };
  const Axis& axis = axes_.front();
  // Inside of `all` every distance counts, outside of `none` not one; only between them pixels are
  // looked at. One step more on both sides, because the table is made of steps.
  const double step = beam_.reach_arcmin_ghz / static_cast<double>(kRimSteps);
  std::size_t lasting = 0;
  std::size_t last = 0;
  for (std::size_t k = 0; k <= kRimSteps; ++k) {
    if (!inside(beam_.power(static_cast<double>(k) * step))) continue;
    last = k + 1;
    if (lasting == k) lasting = k + 1;
  }
  const double all = std::max(0.0, static_cast<double>(lasting) - 2) * step;
  const double none = static_cast<double>(last + 1) * step;
  const double scale = freq_hz * 1e-9;
  const double pixel = std::abs(cell_x_arcmin_) * scale;
  const auto clipped = [this](double x) {
    return static_cast<std::size_t>(std::clamp(x, 0.0, static_cast<double>(nx_)));
  };
  std::vector<kernels::PixelRun> runs;
  for (std::size_t y = 0; y < ny_; ++y) {
    const double dy = (static_cast<double>(y) - axis.y) * cell_y_arcmin_ * scale;
    if (std::abs(dy) > none) continue;
    const double outer = std::sqrt(none * none - dy * dy) / pixel;
    const double inner2 = all * all - dy * dy;
    const double inner = inner2 > 0 ? std::sqrt(inner2) / pixel : 0;
    const std::size_t begin = clipped(std::floor(axis.x - outer));
    const std::size_t end = clipped(std::ceil(axis.x + outer) + 1);
    const std::size_t sure = inner > 1 ? clipped(std::ceil(axis.x - inner)) : end;
    const std::size_t unsure = inner > 1 ? std::max(sure, clipped(axis.x + inner)) : end;
    const auto look = [&](std::size_t from, std::size_t to) {
      for (std::size_t x = from; x < to; ++x) {
        if (inside(power_at(static_cast<double>(x), static_cast<double>(y), scale))) {
          kernels::add_pixel(y, x, runs);
        }
      }
    };
    look(begin, std::min(sure, end));
    if (sure < std::min(unsure, end)) {
      if (!runs.empty() && runs.back().y == y && runs.back().end == sure) {
        runs.back().end = std::min(unsure, end);
      } else {
        runs.push_back({y, sure, std::min(unsure, end)});
      }
    }
    look(std::max(begin, std::min(unsure, end)), end);
  }
  return runs;
}

Plane PrimaryBeams::pb(double freq_hz, double pblimit) const {
  const double least = std::abs(pblimit);
  return Plane(
      [beams = *this, nx = nx_, freq_hz, least](std::size_t first, std::size_t count, float* out) {
        beams.rows(freq_hz, first, count, out);
        for (float* end = out + count * nx; out != end; ++out) {
          if (!(static_cast<double>(*out) > least)) *out = kMasked;
        }
      },
      nx_, ny_, 0);
}

Plane PrimaryBeams::corrected(Plane image, double freq_hz, double pblimit) const {
  const double least = std::abs(pblimit);
  return Plane(
      [beams = *this, nx = nx_, image = std::move(image), freq_hz, least](
          std::size_t first, std::size_t count, float* out) {
        image.read(first, count, out);
        std::vector<float> power(nx);
        for (std::size_t y = first; y < first + count; ++y) {
          beams.rows(freq_hz, y, 1, power.data());
          for (const float pb : power) {
            *out = static_cast<double>(pb) > least && pb > 0 ? *out / pb : kMasked;
            ++out;
          }
        }
      },
      nx_, ny_, 0);
}

Plane PrimaryBeams::limited(Plane plane, double freq_hz, double pblimit) const {
  const std::size_t bytes = plane.bytes();
  return Plane(
      [beams = *this, nx = nx_, plane = std::move(plane), freq_hz, pblimit](
          std::size_t first, std::size_t count, float* out) {
        plane.read(first, count, out);
        std::vector<float> power(nx);
        for (std::size_t y = first; y < first + count; ++y) {
          beams.rows(freq_hz, y, 1, power.data());
          for (const float pb : power) {
            if (!(static_cast<double>(pb) > pblimit)) *out = kMasked;
            ++out;
          }
        }
      },
      nx_, ny_, bytes);
}

}  // namespace skymill::radio
