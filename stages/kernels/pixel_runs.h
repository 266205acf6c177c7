// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <array>
#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// Pixels [first, end) of row y. A list of runs is a sparse mask: in order of rows, then of x,
/// without overlap.
struct PixelRun {
  std::size_t y = 0;
  std::size_t first = 0;
  std::size_t end = 0;
};

using PixelRuns = std::vector<PixelRun>;

/// Adds pixel (y, x), which comes after all others, to the last run or as one of its own.
void add_pixel(std::size_t y, std::size_t x, PixelRuns& runs);

/// The runs of pixels with mask > 0.5; the whole of every row for an empty view. shape is {ny, nx};
/// the mask has unit stride in x.
PixelRuns masked_runs(View<const float, 2> mask, const std::array<std::size_t, 2>& shape);

std::size_t count_pixels(const PixelRuns& runs);

/// Pixels in both, and pixels in either, of two lists.
PixelRuns intersection(const PixelRuns& a, const PixelRuns& b);
PixelRuns united(const PixelRuns& a, const PixelRuns& b);

/// Writes rows [first, first + rows.extent(0)) of the mask as 0 and 1.
void write_rows(const PixelRuns& runs, std::size_t first, View<float, 2> rows);

/// Finds the runs of a row. The list must outlive it.
class RowsOfRuns {
 public:
  RowsOfRuns(const PixelRuns& runs, std::size_t ny);

  const PixelRun* begin_of(std::size_t y) const { return runs_ + start_[y]; }
  const PixelRun* end_of(std::size_t y) const { return runs_ + start_[y + 1]; }
  bool contains(std::size_t y, std::size_t x) const;

 private:
  const PixelRun* runs_;
  std::vector<std::size_t> start_;
};

/// Without the 4-connected regions of fewer than `least` pixels.
PixelRuns without_small_regions(PixelRuns runs, double least);

}  // namespace skymill::kernels
