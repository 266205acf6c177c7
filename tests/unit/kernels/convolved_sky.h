// SPDX-License-Identifier: GPL-3.0-or-later
// PSFs and dirty images in closed form or by convolution written out, for the deconvolvers' tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>

#include "direct_sum.h"

namespace oracle {

/// Height 1 at (y, x); the width is full at half maximum, pixels.
inline Image gaussian(std::size_t nx, std::size_t ny, double y, double x, double fwhm,
                      double peak = 1) {
  Image image(nx, ny);
  for (std::size_t j = 0; j < ny; ++j) {
    for (std::size_t i = 0; i < nx; ++i) {
      const double r = std::hypot(static_cast<double>(j) - y, static_cast<double>(i) - x) / fwhm;
      image(j, i) = static_cast<float>(peak * std::exp(-4 * std::log(2.0) * r * r));
    }
  }
  return image;
}

/// The PSF of random baselines, as dense as a Gaussian around the origin: a main lobe near a
/// Gaussian with the width asked for, and sidelobes of about sqrt(1 / (2 baselines)). A wide
/// Gaussian makes it fall off towards the edges. Its transform is nowhere negative, as for any
/// array. Centre at (ny/2, nx/2).
inline Image psf_of_baselines(std::size_t nx, std::size_t ny, double fwhm, int baselines) {
  std::mt19937 random(77);
  const double turns = std::sqrt(2 * std::log(2.0)) / fwhm / std::numbers::pi;
  std::normal_distribution<double> coordinate(0, turns);
  Image psf(nx, ny);
  for (int k = 0; k < baselines; ++k) {
    const double u = coordinate(random);
    const double v = coordinate(random);
    for (std::size_t j = 0; j < ny; ++j) {
      for (std::size_t i = 0; i < nx; ++i) {
        const double y = static_cast<double>(j) - static_cast<double>(ny / 2);
        const double x = static_cast<double>(i) - static_cast<double>(nx / 2);
        psf(j, i) +=
            static_cast<float>(std::cos(2 * std::numbers::pi * (u * x + v * y)) / baselines);
      }
    }
  }
  const Image fall_off = gaussian(nx, ny, static_cast<double>(ny / 2), static_cast<double>(nx / 2),
                                  static_cast<double>(std::min(nx, ny)) / 3);
  for (std::size_t k = 0; k < psf.pixels.size(); ++k) {
    psf.pixels[k] *= fall_off.pixels[k];
  }
  return psf;
}

/// sky convolved with the PSF of [-n/2, n/2 - 1] around its centre, term by term.
inline Image convolved(const Image& sky, const Image& psf) {
  Image dirty(sky.nx, sky.ny);
  const auto ny = static_cast<long>(sky.ny);
  const auto nx = static_cast<long>(sky.nx);
  for (long py = 0; py < ny; ++py) {
    for (long px = 0; px < nx; ++px) {
      const float flux = sky(static_cast<std::size_t>(py), static_cast<std::size_t>(px));
      if (flux == 0) {
        continue;
      }
      for (long y = std::max(0L, py - ny / 2); y <= std::min(ny - 1, py + ny / 2 - 1); ++y) {
        for (long x = std::max(0L, px - nx / 2); x <= std::min(nx - 1, px + nx / 2 - 1); ++x) {
          dirty(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) +=
              flux * psf(static_cast<std::size_t>(y - py + ny / 2),
                         static_cast<std::size_t>(x - px + nx / 2));
        }
      }
    }
  }
  return dirty;
}

/// Sum over the square of 2 reach + 1 pixels.
inline double flux_around(const Image& image, std::size_t y, std::size_t x, std::size_t reach) {
  double sum = 0;
  for (std::size_t j = y - reach; j <= y + reach; ++j) {
    for (std::size_t i = x - reach; i <= x + reach; ++i) {
      sum += static_cast<double>(image(j, i));
    }
  }
  return sum;
}

}  // namespace oracle
