// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/lazy_plane.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace skymill::kernels {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// Covers the roundings of a subtraction and of the bound's own sum.
constexpr float kSlack = 1.000002F;

// Largest psf pixels are known by bands of a tile's width and height over this.
constexpr std::size_t kBandsOfTile = 4;

// A tile that owes few subtractions when it must carry them out makes more of its spans hot, and
// one that owes many fewer.
constexpr std::size_t kFew = 12;
constexpr std::size_t kMany = 40;
constexpr float kFirstShare = 0.8F;
constexpr float kLeastShare = 0.2F;
constexpr float kMostShare = 0.9F;
constexpr float kStep = 0.8F;

std::size_t rows_of_tile(std::size_t ny) { return ny > 2048 ? 64 : 16; }

struct Box {
  std::size_t first = 0;
  std::size_t end = 0;
};

bool any_reaches(const float* bound, std::size_t n, float level) {
  unsigned any = 0;
  for (std::size_t k = 0; k < n; ++k) any |= bound[k] >= level ? 1U : 0U;
  return any != 0;
}

/// [p - n/2, p + n/2 - 1] clipped to [first, first + length).
Box reach(std::size_t p, std::size_t n, std::size_t first, std::size_t length) {
  const std::size_t half = n / 2;
  const std::size_t begin = std::max(first, p > half ? p - half : 0);
  return {begin, std::max(begin, std::min(first + length, p + half))};
}

}  // namespace

LazyPlane::LazyPlane(View<float, 2> residual, View<const float, 2> psf, float threshold)
    : residual_(residual),
      psf_(psf),
      psf_pixels_{psf.data(), psf.stride(0),
                  static_cast<std::ptrdiff_t>(psf.extent(0) - 1) * psf.stride(0) +
                      static_cast<std::ptrdiff_t>(psf.extent(1))},
      threshold_(threshold),
      rows_(rows_of_tile(residual.extent(0))),
      across_((residual.extent(1) + kTileColumns - 1) / kTileColumns) {
  measure_psf();
  make_tiles();
}

void LazyPlane::make_tiles() {
  const std::size_t ny = residual_.extent(0);
  const std::size_t nx = residual_.extent(1);
  float peak = 0;
  for (std::size_t y = 0; y < ny; ++y) peak = std::max(peak, largest_pixel(&residual_(y, 0), nx));
  for (std::size_t y = 0; y < ny; y += rows_) {
    for (std::size_t x = 0; x < nx; x += kTileColumns) {
      Tile tile;
      tile.y = y;
      tile.x = x;
      tile.rows = std::min(rows_, ny - y);
      tile.columns = std::min(kTileColumns, nx - x);
      tile.share = kFirstShare;
      tile.hot_of_rows.assign(tile.rows, 0);
      tiles_.push_back(std::move(tile));
      bound_.push_back(kNone);
      carry_out(tiles_.size() - 1, peak);
    }
  }
}

// Bands are counted from one plane and one tile before the psf's first pixel, so that nothing is
// negative.
std::size_t LazyPlane::band(std::size_t first, std::size_t p, std::size_t n,
                            std::size_t width) const {
  return (first + n / 2 + kBandsOfTile * width + n - p) / width;
}

void LazyPlane::measure_psf() {
  const std::size_t ny = psf_.extent(0);
  const std::size_t nx = psf_.extent(1);
  const std::size_t wide = kTileColumns / kBandsOfTile;
  const std::size_t high = rows_ / kBandsOfTile;
  // A tile lies on one band more than it is wide, as it need not begin with one.
  constexpr std::size_t kUnder = kBandsOfTile + 1;
  const std::size_t before_x = nx + kTileColumns;
  const std::size_t before_y = ny + rows_;
  bands_x_ = (3 * nx + 3 * kTileColumns) / kTileColumns + 2;
  const std::size_t bands = bands_x_ * kBandsOfTile;
  const std::size_t bands_y = (3 * ny + 3 * rows_) / high + 2 * kUnder;
  std::vector<float> single(bands_y * bands, 0.0F);
  std::vector<float> column(nx);
  for (std::size_t y = 0; y < ny;) {
    float* row = &single[(y + before_y) / high * bands];
    std::fill(column.begin(), column.end(), 0.0F);
    for (const std::size_t at = (y + before_y) / high; y < ny && (y + before_y) / high == at; ++y) {
      const float* psf = &psf_(y, 0);
      for (std::size_t x = 0; x < nx; ++x) {
        const float size = std::abs(psf[x]);
        column[x] = size > column[x] ? size : column[x];
      }
    }
    for (std::size_t x = 0; x < nx; ++x) {
      float& largest = row[(x + before_x) / wide];
      largest = std::max(largest, column[x]);
    }
  }
  std::vector<float> under(single.size(), 0.0F);
  for (std::size_t k = 0; k + kUnder <= single.size(); ++k) {
    under[k] = *std::max_element(&single[k], &single[k] + kUnder);
  }
  largest_psf_.assign(single.size(), 0.0F);
  for (std::size_t y = 0; y + kUnder <= bands_y; ++y) {
    for (std::size_t x = 0; x < bands; ++x) {
      float largest = 0;
      for (std::size_t k = 0; k < kUnder; ++k) {
        largest = std::max(largest, under[(y + k) * bands + x]);
      }
      // Tiles of a row lie kBandsOfTile bands apart: those are to be neighbours.
      largest_psf_[y * bands + x % kBandsOfTile * bands_x_ + x / kBandsOfTile] = largest;
    }
  }
}

TilePixels LazyPlane::pixels(const Tile& tile) const {
  return {&residual_(tile.y, tile.x), residual_.stride(0), static_cast<int>(tile.columns)};
}

LaidPsf LazyPlane::lay(const Owed& owed, const Tile& tile) const {
  const std::size_t ny = residual_.extent(0);
  const std::size_t nx = residual_.extent(1);
  const Box rows = reach(owed.y, ny, tile.y, tile.rows);
  const Box columns = reach(owed.x, nx, tile.x, tile.columns);
  LaidPsf laid;
  laid.flux = owed.flux;
  laid.offset =
      (static_cast<std::ptrdiff_t>(tile.y + ny / 2) - static_cast<std::ptrdiff_t>(owed.y)) *
          psf_.stride(0) +
      static_cast<std::ptrdiff_t>(tile.x + nx / 2) - static_cast<std::ptrdiff_t>(owed.x);
  if (rows.first == rows.end || columns.first == columns.end) return laid;
  laid.first_row = static_cast<int>(rows.first - tile.y);
  laid.end_row = static_cast<int>(rows.end - tile.y);
  laid.first = static_cast<int>(columns.first - tile.x);
  laid.end = static_cast<int>(columns.end - tile.x);
  return laid;
}

void LazyPlane::carry_out(std::size_t index, float level) {
  Tile& tile = tiles_[index];
  laid_.clear();
  for (; tile.carried < owed_.size(); ++tile.carried) {
    const LaidPsf laid = lay(owed_[tile.carried], tile);
    if (laid.first_row < laid.end_row) laid_.push_back(laid);
  }
  if (!laid_.empty() && laid_.size() < kFew) tile.share = std::max(kLeastShare, tile.share * kStep);
  if (laid_.size() > kMany) tile.share = std::min(kMostShare, tile.share / kStep);
  const float hot = tile.share * level;
  const TilePixels at = pixels(tile);
  tile.hot.clear();
  tile.hot_peak = 0;
  float cold_peak = -1;
  for (std::size_t row = 0; row < tile.rows; ++row) {
    std::array<float, kSpansInRow> largest;
    subtract_row(at, static_cast<int>(row), psf_pixels_, laid_.data(), laid_.size(),
                 tile.hot_of_rows[row], largest.data());
    unsigned bits = 0;
    for (std::size_t s = 0; s < kSpansInRow; ++s) {
      if (largest[s] > 0 && largest[s] >= hot) {
        bits |= 1U << s;
        tile.hot.push_back(static_cast<std::uint16_t>(row * kSpansInRow + s));
        tile.hot_peak = std::max(tile.hot_peak, largest[s]);
      } else {
        cold_peak = std::max(cold_peak, largest[s]);
      }
    }
    tile.hot_of_rows[row] = static_cast<std::uint8_t>(bits);
  }
  bound_[index] = cold_peak < 0 ? kNone : cold_peak;
  if (!tile.hot.empty() && !tile.listed) {
    tile.listed = true;
    hot_tiles_.push_back(index);
  }
}

float LazyPlane::hottest() const {
  float size = 0;
  for (const std::size_t k : hot_tiles_) size = std::max(size, tiles_[k].hot_peak);
  return size;
}

PeakPixel LazyPlane::first_with(float size) const {
  PeakPixel first{0, residual_.extent(0), 0};
  for (const std::size_t k : hot_tiles_) {
    const Tile& tile = tiles_[k];
    if (tile.hot_peak != size || tile.hot.empty() || tile.y > first.y) continue;
    for (const std::uint16_t span : tile.hot) {
      const std::size_t y = tile.y + span / kSpansInRow;
      const std::size_t begin = span % kSpansInRow * kSpan;
      for (std::size_t x = begin; x < std::min(begin + kSpan, tile.columns); ++x) {
        const float value = residual_(y, tile.x + x);
        const bool before = y < first.y || (y == first.y && tile.x + x < first.x);
        if (std::abs(value) == size && before) first = {tile.x + x, y, value};
      }
    }
  }
  return first;
}

PeakPixel LazyPlane::peak() {
  for (;;) {
    float size = hottest();
    bool done = true;
    for (std::size_t k = 0; k < tiles_.size(); k += across_) {
      if (!any_reaches(&bound_[k], across_, std::max(size, threshold_))) continue;
      for (std::size_t i = k; i < k + across_; ++i) {
        const float level = std::max(size, threshold_);
        if (!(bound_[i] >= level) || bound_[i] == 0) continue;
        carry_out(i, level);
        size = std::max(size, tiles_[i].hot_peak);
        done = false;
      }
    }
    if (done) return size > 0 ? first_with(size) : PeakPixel{};
  }
}

void LazyPlane::subtract(std::size_t x, std::size_t y, float flux) {
  owed_.push_back({x, y, flux});
  const Owed& owed = owed_.back();
  std::size_t kept = 0;
  for (const std::size_t k : hot_tiles_) {
    Tile& tile = tiles_[k];
    tile.listed = !tile.hot.empty();
    if (!tile.listed) continue;
    hot_tiles_[kept++] = k;
    const LaidPsf laid = lay(owed, tile);
    if (laid.first_row == laid.end_row) continue;
    tile.hot_peak =
        subtract_spans(pixels(tile), psf_pixels_, laid, tile.hot.data(), tile.hot.size());
  }
  hot_tiles_.resize(kept);
  const std::size_t ny = residual_.extent(0);
  const std::size_t nx = residual_.extent(1);
  const float size = std::abs(flux) * kSlack;
  const std::size_t at_x = band(0, x, nx, kTileColumns / kBandsOfTile);
  for (std::size_t k = 0; k < tiles_.size(); k += across_) {
    const std::size_t at_y = band(tiles_[k].y, y, ny, rows_ / kBandsOfTile);
    const float* largest =
        &largest_psf_[(at_y * kBandsOfTile + at_x % kBandsOfTile) * bands_x_ + at_x / kBandsOfTile];
    float* bound = &bound_[k];
    for (std::size_t i = 0; i < across_; ++i) {
      bound[i] = bound[i] * kSlack + size * largest[i];
    }
  }
}

}  // namespace skymill::kernels
