// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/lazy_plane.h>
#include <stages/kernels/pixel_loops.h>

#include <algorithm>
#include <cmath>

namespace skymill::kernels {

namespace {

// Covers the roundings of a subtraction and of the bound's own sum.
constexpr float kSlack = 1.000002F;

/// About 32 tiles along the shorter side, of sizes that loops over pixels like.
std::size_t tile_side(std::size_t ny, std::size_t nx) {
  std::size_t side = 16;
  while (side < 128 && side * 32 < std::min(ny, nx)) side *= 2;
  return side;
}

struct Box {
  std::size_t first = 0;
  std::size_t end = 0;
};

/// [p - n/2, p + n/2 - 1] clipped to [first, first + length).
Box reach(std::size_t p, std::size_t n, std::size_t first, std::size_t length) {
  const std::size_t half = n / 2;
  const std::size_t begin = std::max(first, p > half ? p - half : 0);
  return {begin, std::max(begin, std::min(first + length, p + half))};
}

}  // namespace

LazyPlane::LazyPlane(View<float, 2> residual, View<const float, 2> psf)
    : residual_(residual), psf_(psf), side_(tile_side(residual.extent(0), residual.extent(1))) {
  const std::size_t ny = residual.extent(0);
  const std::size_t nx = residual.extent(1);
  across_ = (nx + side_ - 1) / side_;
  for (std::size_t y = 0; y < ny; y += side_) {
    for (std::size_t x = 0; x < nx; x += side_) {
      Tile tile{y, x, std::min(side_, ny - y), std::min(side_, nx - x), 0, 0};
      remeasure(tile);
      tiles_.push_back(tile);
      bound_.push_back(tile.peak);
    }
  }
  measure_psf();
}

// A tile that begins at `first` takes psf pixels from first - p + n/2 on, `side_` of them: they lie
// in two bands of that width. Bands are counted from one before the plane's first.
std::size_t LazyPlane::band(std::size_t first, std::size_t p, std::size_t n) const {
  return (first + n / 2 + side_ - p + n) / side_;
}

void LazyPlane::measure_psf() {
  const std::size_t ny = psf_.extent(0);
  const std::size_t nx = psf_.extent(1);
  // band() puts psf pixel 0 at (side + n)/side bands and n/side more, so that nothing is negative.
  const auto bands = [&](std::size_t n) { return (3 * n + 3 * side_) / side_ + 2; };
  bands_x_ = bands(nx);
  const std::size_t bands_y = bands(ny);
  std::vector<float> single(bands_y * bands_x_, 0.0F);
  const auto at = [&](std::size_t pixel, std::size_t n) { return (pixel + side_ + n) / side_; };
  for (std::size_t y = 0; y < ny; ++y) {
    for (std::size_t x = 0; x < nx;) {
      // To the end of the band.
      const std::size_t end = std::min(nx, (at(x, nx) + 1) * side_ - side_ - nx);
      float& largest = single[at(y, ny) * bands_x_ + at(x, nx)];
      largest = std::max(largest, largest_pixel(&psf_(y, x), end - x));
      x = end;
    }
  }
  largest_psf_.assign(single.size(), 0.0F);
  for (std::size_t y = 0; y + 1 < bands_y; ++y) {
    for (std::size_t x = 0; x + 1 < bands_x_; ++x) {
      const float* here = &single[y * bands_x_ + x];
      largest_psf_[y * bands_x_ + x] =
          std::max({here[0], here[1], here[bands_x_], here[bands_x_ + 1]});
    }
  }
}

void LazyPlane::remeasure(Tile& tile) const {
  tile.peak = 0;
  for (std::size_t y = tile.y; y < tile.y + tile.rows; ++y) {
    tile.peak = std::max(tile.peak, largest_pixel(&residual_(y, tile.x), tile.columns));
  }
}

void LazyPlane::carry_out(std::size_t index) {
  Tile& tile = tiles_[index];
  const std::size_t ny = residual_.extent(0);
  const std::size_t nx = residual_.extent(1);
  for (; tile.done < owed_.size(); ++tile.done) {
    const Owed& o = owed_[tile.done];
    const Box rows = reach(o.y, ny, tile.y, tile.rows);
    const Box columns = reach(o.x, nx, tile.x, tile.columns);
    if (columns.first == columns.end) continue;
    for (std::size_t y = rows.first; y < rows.end; ++y) {
      subtract_pixels(&residual_(y, columns.first),
                      &psf_(y + ny / 2 - o.y, columns.first + nx / 2 - o.x),
                      columns.end - columns.first, o.flux);
    }
  }
  remeasure(tile);
  bound_[index] = tile.peak;
}

PeakPixel LazyPlane::place(const Tile& tile) const {
  for (std::size_t y = tile.y; y < tile.y + tile.rows; ++y) {
    for (std::size_t x = tile.x; x < tile.x + tile.columns; ++x) {
      if (std::abs(residual_(y, x)) == tile.peak) return {x, y, residual_(y, x)};
    }
  }
  return {tile.x, tile.y, 0};  // nothing but NaN
}

PeakPixel LazyPlane::peak() {
  for (;;) {
    const auto best = std::max_element(bound_.begin(), bound_.end());
    const auto index = static_cast<std::size_t>(best - bound_.begin());
    if (tiles_[index].done < owed_.size()) {
      carry_out(index);
      continue;
    }
    PeakPixel first = place(tiles_[index]);
    // Others may hold the same value, and one of them may come first. None holds more: what a tile
    // has is never above its bound.
    const float value = *best;
    for (std::size_t k = index + 1; value > 0 && k < tiles_.size(); ++k) {
      if (bound_[k] < value) continue;
      carry_out(k);
      if (bound_[k] < value) continue;
      const PeakPixel other = place(tiles_[k]);
      if (other.y < first.y || (other.y == first.y && other.x < first.x)) first = other;
    }
    return first;
  }
}

void LazyPlane::subtract(std::size_t x, std::size_t y, float flux) {
  owed_.push_back({x, y, flux});
  const std::size_t ny = residual_.extent(0);
  const std::size_t nx = residual_.extent(1);
  const float size = std::abs(flux) * kSlack;
  for (std::size_t k = 0; k < tiles_.size(); k += across_) {
    const float* row = &largest_psf_[band(tiles_[k].y, y, ny) * bands_x_];
    // Tiles of a row lie a band apart.
    const float* largest = row + band(0, x, nx);
    for (std::size_t i = 0; i < across_; ++i) {
      bound_[k + i] = bound_[k + i] * kSlack + size * largest[i];
    }
  }
}

}  // namespace skymill::kernels
