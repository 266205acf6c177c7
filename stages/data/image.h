// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <stages/data/visibilities.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
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
  std::vector<double> chan_freq_hz;  ///< centre of every plane, equidistant unless noted
  double chan_width_hz = 0;          ///< increment of the frequency axis, signed
  std::string spectral_frame = "TOPO";
  double rest_freq_hz = 0;  ///< 0 when not known
  std::string telescope;
  std::string observer;
  std::string object;
  double date_obs_mjd_s = 0;                     ///< first integration, MJD UTC seconds
  std::array<double, 3> telescope_position_m{};  ///< ITRF; zero when not known
  std::vector<std::string> history;              ///< one line each
};

/// One product's pixels of one channel, [y][x], x fastest (right ascension). They are held, or made
/// row by row when they are read, such as a restored image from its residual and its components: a
/// channel of many products then needs little more memory than its PSF and residual. Copies share
/// the pixels.
class Plane {
 public:
  /// Writes rows [first, first + rows) to out. May be called by several threads at once.
  using Rows = std::function<void(std::size_t first, std::size_t rows, float* out)>;

  Plane() = default;

  /// Holds [y][x] pixels, rows of nx.
  Plane(std::vector<float> pixels, std::size_t nx)
      : nx_(nx), ny_(nx > 0 ? pixels.size() / nx : 0), bytes_(pixels.size() * sizeof(float)) {
    rows_ = [held = std::make_shared<const std::vector<float>>(std::move(pixels)), nx](
                std::size_t first, std::size_t rows, float* out) {
      std::copy_n(held->data() + first * nx, rows * nx, out);
    };
  }

  /// Made from what `rows` holds, which takes `bytes` that no other plane of the channel counts.
  Plane(Rows rows, std::size_t nx, std::size_t ny, std::size_t bytes)
      : nx_(nx), ny_(ny), bytes_(bytes), rows_(std::move(rows)) {}

  std::size_t nx() const { return nx_; }
  std::size_t ny() const { return ny_; }
  /// Memory behind it.
  std::size_t bytes() const { return bytes_; }

  void read(std::size_t first, std::size_t rows, float* out) const {
    if (rows > 0) rows_(first, rows, out);
  }

  /// All of them.
  std::vector<float> pixels() const {
    std::vector<float> all(nx_ * ny_);
    read(0, ny_, all.data());
    return all;
  }

 private:
  std::size_t nx_ = 0;
  std::size_t ny_ = 0;
  std::size_t bytes_ = 0;
  Rows rows_;
};

/// Names of products and their units (imaging.md 5.1).
struct ProductKind {
  std::string extension;   ///< "image", "residual", "psf", "model"
  std::string unit;        ///< "Jy/beam", "Jy/pixel", "" for the PSF
  bool has_beam = true;    ///< per-plane beams are kept with it
  bool one_pixel = false;  ///< planes of 1 x 1, such as the sums of weights of .sumwt
  bool one_beam = false;   ///< all planes have the same beam, which stands for the whole cube
};

/// The header of a product's planes, which may be of one pixel.
inline ImageHeader header_of(const ProductKind& kind, ImageHeader image) {
  if (kind.one_pixel) image.nx = image.ny = 1;
  return image;
}

}  // namespace skymill::radio
