// SPDX-License-Identifier: GPL-3.0-or-later
// The oracles: Fourier sums written out (imaging.md 2.0), with and without the w term, and a small
// set of random baselines to feed them.
#pragma once

#include <stages/kernels/samples.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

namespace oracle {

using skymill::kernels::PlaneSamples;
using skymill::kernels::View;

inline constexpr double kLightSpeed = 299792458.0;

struct Source {
  double l = 0;
  double m = 0;
  double flux = 0;
};

inline std::complex<double> visibility(const std::vector<Source>& sky, double u, double v) {
  std::complex<double> sum = 0;
  for (const Source& s : sky) {
    sum += std::polar(s.flux, 2 * std::numbers::pi * (u * s.l + v * s.m));
  }
  return sum;
}

inline double dirty_pixel(const PlaneSamples& s, double l, double m) {
  double sum = 0;
  double weights = 0;
  for (std::size_t r = 0; r < s.uvw_m.extent(0); ++r) {
    for (std::size_t c = 0; c < s.freq_hz.extent(0); ++c) {
      const double k = s.freq_hz(c) / kLightSpeed;
      const double turns = (s.uvw_m(r, 0) * l + s.uvw_m(r, 1) * m) * k;
      const double w = static_cast<double>(s.weight(r, c));
      sum += w * std::real(std::complex<double>(s.vis(r, c)) *
                           std::polar(1.0, -2 * std::numbers::pi * turns));
      weights += w;
    }
  }
  return sum / weights;
}

/// n - 1 of a direction.
inline double n_minus_one(double l, double m) {
  const double r2 = l * l + m * m;
  return -r2 / (1 + std::sqrt(1 - r2));
}

/// exp(2 pi i turns) with the whole turns taken off first.
inline std::complex<double> wave(double turns) {
  return std::polar(1.0, 2 * std::numbers::pi * (turns - std::nearbyint(turns)));
}

/// The dirty image with the w term at one pixel.
inline double dirty_pixel_w(const PlaneSamples& s, double l, double m) {
  double sum = 0;
  double weights = 0;
  const double q = n_minus_one(l, m);
  for (std::size_t r = 0; r < s.uvw_m.extent(0); ++r) {
    for (std::size_t c = 0; c < s.freq_hz.extent(0); ++c) {
      const double k = s.freq_hz(c) / kLightSpeed;
      const double turns = (s.uvw_m(r, 0) * l + s.uvw_m(r, 1) * m + s.uvw_m(r, 2) * q) * k;
      const auto w = static_cast<double>(s.weight(r, c));
      sum += w * std::real(std::complex<double>(s.vis(r, c)) * wave(-turns));
      weights += w;
    }
  }
  return sum / weights;
}

/// The visibility of a sky with the w term.
inline std::complex<double> visibility_w(const std::vector<Source>& sky, double u, double v,
                                         double w) {
  std::complex<double> sum = 0;
  for (const Source& s : sky) {
    sum += s.flux * wave(u * s.l + v * s.m + w * n_minus_one(s.l, s.m));
  }
  return sum;
}

/// Owns what PlaneSamples views.
struct Data {
  /// Baselines within `reach` of the largest |u| and |v| that the image cells can hold.
  Data(unsigned seed, std::size_t a_rows, std::vector<double> freq, double cell_rad,
       double reach = 0.8)
      : rows(a_rows),
        freq_hz(std::move(freq)),
        uvw(rows * 3),
        vis(rows * freq_hz.size()),
        weight(rows * freq_hz.size()) {
    std::mt19937 random(seed);
    const double largest = reach * 0.5 / cell_rad * kLightSpeed / freq_hz.back();
    std::uniform_real_distribution<double> coordinate(-largest, largest);
    std::uniform_real_distribution<float> heaviness(0.5F, 2.0F);
    for (double& value : uvw) {
      value = coordinate(random);
    }
    for (float& value : weight) {
      value = heaviness(random);
    }
  }

  void observe(const std::vector<Source>& sky) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < freq_hz.size(); ++c) {
        const double k = freq_hz[c] / kLightSpeed;
        vis[r * freq_hz.size() + c] =
            std::complex<float>(visibility(sky, uvw[3 * r] * k, uvw[3 * r + 1] * k));
      }
    }
  }

  PlaneSamples samples() const {
    const std::size_t chans = freq_hz.size();
    return {{uvw.data(), {rows, 3}},
            {freq_hz.data(), {chans}},
            {vis.data(), {rows, chans}},
            {weight.data(), {rows, chans}}};
  }

  std::size_t rows;
  std::vector<double> freq_hz;
  std::vector<double> uvw;
  std::vector<std::complex<float>> vis;
  std::vector<float> weight;
};

/// An image and its view.
template <class Pixel>
struct ImageOf {
  ImageOf(std::size_t a_nx, std::size_t a_ny) : nx(a_nx), ny(a_ny), pixels(nx * ny) {}
  View<Pixel, 2> view() { return {pixels.data(), {ny, nx}}; }
  View<const Pixel, 2> view() const { return {pixels.data(), {ny, nx}}; }
  Pixel& operator()(std::size_t y, std::size_t x) { return pixels[y * nx + x]; }
  Pixel operator()(std::size_t y, std::size_t x) const { return pixels[y * nx + x]; }

  std::size_t nx;
  std::size_t ny;
  std::vector<Pixel> pixels;
};

using Image = ImageOf<float>;
using DoubleImage = ImageOf<double>;

}  // namespace oracle
