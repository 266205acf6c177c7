// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/masked_pixels.h>
#include <stages/kernels/pixel_loops.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// A residual whose subtractions wait. Spans of pixels that are large already take part in every
/// one; all others know, tile by tile, how large they can have become at most, and a tile carries
/// out what it owes at once, while it is in the first cache, when that reaches the peak or the
/// threshold. Components are the same bits as with every subtraction done at once; what the plane
/// holds at the end is good for nothing.
///
/// The bound of a tile grows by |flux| * (largest |psf| on the tile), which is little far out.
class LazyPlane {
 public:
  /// Both [y][x] of one shape with unit stride in x; they must outlive this.
  /// @param threshold below which no peak is wanted
  LazyPlane(View<float, 2> residual, View<const float, 2> psf, float threshold);

  /// The first pixel in order of rows with the largest |r|; NaN is passed over. Value 0 when there
  /// is no other. After the first call, when nothing reaches the threshold, some value below it.
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
    std::size_t carried = 0;                ///< subtractions carried out in all spans
    float share = 0;                        ///< of the peak, from which on a span is hot
    float hot_peak = 0;                     ///< largest |r| of the hot spans
    bool listed = false;                    ///< in hot_tiles_
    std::vector<std::uint16_t> hot;         ///< spans that take part in every subtraction
    std::vector<std::uint8_t> hot_of_rows;  ///< the same, a bit a span
  };

  void make_tiles();
  void measure_psf();
  /// Number of the bands of the psf that a subtraction at p lays on a tile from `first` on.
  std::size_t band(std::size_t first, std::size_t p, std::size_t n, std::size_t width) const;
  LaidPsf lay(const Owed& owed, const Tile& tile) const;
  TilePixels pixels(const Tile& tile) const;
  /// Carries out what the tile owes and chooses its hot spans anew.
  void carry_out(std::size_t index, float level);
  float hottest() const;
  PeakPixel first_with(float size) const;

  View<float, 2> residual_;
  View<const float, 2> psf_;
  PsfPixels psf_pixels_;
  float threshold_;
  std::size_t rows_;    ///< of a tile
  std::size_t across_;  ///< tiles in a row of tiles
  std::vector<Tile> tiles_;
  std::vector<float>
      bound_;  ///< of spans that are not hot: not below their |r|; NaN: there are none
  std::vector<std::size_t> hot_tiles_;
  std::vector<Owed> owed_;
  std::vector<LaidPsf> laid_;
  std::size_t bands_x_ = 0;  ///< tiles' widths in a row of bands
  std::vector<float>
      largest_psf_;  ///< where a tile may lie: [band in y][band in x in a tile][tile]
};

}  // namespace skymill::kernels
