// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: loops over pixels of minor cycles, for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skymill::kernels {

/// Largest |r| of n pixels; 0 where nothing is a number. The comparison drops NaN.
float largest_pixel(const float* r, std::size_t n);

/// The least and the greatest of n pixels and 0. NaN is passed over.
struct PixelRange {
  float least = 0;
  float greatest = 0;
};
PixelRange range_of_pixels(const float* r, std::size_t n);

/// r -= flux * p for n pixels, in two roundings; returns the largest |r| after it.
float subtract_pixels(float* r, const float* p, std::size_t n, float flux);

/// Pixels of a row of a tile that are looked at together, and those of a whole row.
constexpr std::size_t kSpan = 16;
constexpr std::size_t kSpansInRow = 4;
constexpr std::size_t kTileColumns = kSpan * kSpansInRow;

/// The pixels of a tile in a plane, whose rows lie `stride` apart; at most kTileColumns columns.
struct TilePixels {
  float* first = nullptr;
  std::ptrdiff_t stride = 0;
  int columns = 0;
};

/// The pixels of a psf, `size` from the first to the last.
struct PsfPixels {
  const float* first = nullptr;
  std::ptrdiff_t stride = 0;
  std::ptrdiff_t size = 0;
};

/// A subtraction as a tile sees it: flux * psf.first[offset + row * psf.stride + column] in rows
/// [first_row, end_row) and columns [first, end) of the tile; elsewhere nothing.
struct LaidPsf {
  std::ptrdiff_t offset = 0;
  float flux = 0;
  int first_row = 0;
  int end_row = 0;
  int first = 0;
  int end = 0;
};

/// Carries out n subtractions, one after the other, in the spans of a row whose bit is not set in
/// `done`, each in two roundings; gives the largest |r| of all kSpansInRow spans.
void subtract_row(const TilePixels& tile, int row, const PsfPixels& psf, const LaidPsf* laid,
                  std::size_t n, unsigned done, float* largest);

/// Carries out one in the given spans, row * kSpansInRow + span of the row; returns their largest
/// |r|.
float subtract_spans(const TilePixels& tile, const PsfPixels& psf, const LaidPsf& laid,
                     const std::uint16_t* spans, std::size_t n);

namespace pixel_loops_baseline {
float largest(const float*, std::size_t);
PixelRange range(const float*, std::size_t);
float subtract(float*, const float*, std::size_t, float);
void subtract_row(const TilePixels&, int, const PsfPixels&, const LaidPsf*, std::size_t, unsigned,
                  float*);
float subtract_spans(const TilePixels&, const PsfPixels&, const LaidPsf&, const std::uint16_t*,
                     std::size_t);
}  // namespace pixel_loops_baseline
namespace pixel_loops_avx2 {
float largest(const float*, std::size_t);
PixelRange range(const float*, std::size_t);
float subtract(float*, const float*, std::size_t, float);
void subtract_row(const TilePixels&, int, const PsfPixels&, const LaidPsf*, std::size_t, unsigned,
                  float*);
float subtract_spans(const TilePixels&, const PsfPixels&, const LaidPsf&, const std::uint16_t*,
                     std::size_t);
}  // namespace pixel_loops_avx2
namespace pixel_loops_avx512 {
float largest(const float*, std::size_t);
PixelRange range(const float*, std::size_t);
float subtract(float*, const float*, std::size_t, float);
void subtract_row(const TilePixels&, int, const PsfPixels&, const LaidPsf*, std::size_t, unsigned,
                  float*);
float subtract_spans(const TilePixels&, const PsfPixels&, const LaidPsf&, const std::uint16_t*,
                     std::size_t);
}  // namespace pixel_loops_avx512

}  // namespace skymill::kernels
