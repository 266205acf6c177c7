// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <stages/data/visibilities.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

/// An elliptical Gaussian beam, full width at half maximum.
struct Beam {
  double major_rad = 0;
  double minor_rad = 0;
  double pa_rad = 0;  ///< north through east
  bool valid() const { return major_rad > 0 && minor_rad > 0; }
};

/// Coordinates of an image cube: axes RA, Dec, Stokes, frequency (imaging.md 5.1).
/// Pixel counts from 0; the reference pixel is nx/2, ny/2; SIN projection.
struct ImageHeader {
  std::size_t nx = 0;
  std::size_t ny = 0;
  std::size_t nchan = 0;
  double cell_x_rad = 0;  ///< negative: right ascension grows to the left
  double cell_y_rad = 0;
  Direction phase_centre;
  std::string stokes = "I";
  std::vector<double> chan_freq_hz;   ///< centre of every plane, equidistant unless noted
  double chan_width_hz = 0;           ///< increment of the frequency axis, signed
  std::string spectral_frame = "TOPO";
  double rest_freq_hz = 0;            ///< 0 when not known
  std::string telescope;
  std::string observer;
  std::string object;
  double date_obs_mjd_s = 0;          ///< first integration, MJD UTC seconds
  std::array<double, 3> telescope_position_m{};  ///< ITRF; zero when not known
  std::vector<std::string> history;   ///< one line each
};

/// One product's pixels of one channel, [y][x], x fastest (right ascension).
struct Plane {
  std::vector<float> pixels;
};

/// Names of products and their units (imaging.md 5.1).
struct ProductKind {
  std::string extension;  ///< "image", "residual", "psf", "model"
  std::string unit;       ///< "Jy/beam", "Jy/pixel", "" for the PSF
  bool has_beam = true;   ///< per-plane beams are kept with it
};

}  // namespace skymill::radio
