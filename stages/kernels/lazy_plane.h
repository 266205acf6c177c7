// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/masked_pixels.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// A residual whose subtractions wait: only a tile in which the largest |r| may be carries out
/// those that it owes, all others know how large they can have become. Peaks are the same bits as
/// with every subtraction done at once; what the plane holds at the end is good for nothing.
///
/// A minor cycle over a whole plane then costs little more than its brightest tiles do: the bound
/// of a tile grows by |flux| * (largest |psf| on the tile), and most PSFs are small far out.
class LazyPlane {
 public:
  /// Both [y][x] of one shape with unit stride in x; they must outlive this.
  LazyPlane(View<float, 2> residual, View<const float, 2> psf);

  /// The first pixel in order of rows with the largest |r|; NaN is passed over. Value 0 when there
  /// is no other.
  PeakPixel peak();

  /// r -= flux * psf, the psf's centre (ny/2, nx/2) laid on (y, x), inside [p - n/2, p + n/2 - 1]
  /// only (imaging.md 3.1).
  void subtract(std::size_t x, std::size_t y, float flux);

 private:
  struct Owed {
    std::size_t x = 0;
    std::size_t y = 0;
    float flux = 0;
  };
  struct Tile {
    std::size_t y = 0;
    std::size_t x = 0;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t done = 0;  ///< subtractions carried out
    float peak = 0;        ///< after them
  };

  void measure_psf();
  /// Number of the pair of bands of the psf that a subtraction at p lays on the tile from `first`.
  std::size_t band(std::size_t first, std::size_t p, std::size_t n) const;
  void carry_out(std::size_t tile);
  void remeasure(Tile& tile) const;
  PeakPixel place(const Tile& tile) const;

  View<float, 2> residual_;
  View<const float, 2> psf_;
  std::size_t side_;
  std::size_t across_;  ///< tiles in a row of tiles
  std::vector<Tile> tiles_;
  std::vector<float> bound_;  ///< of every tile: not below its largest |r|
  std::vector<Owed> owed_;
  std::size_t bands_x_ = 0;
  std::vector<float> largest_psf_;  ///< of pairs of bands in y and x
};

}  // namespace skymill::kernels
