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

/// Adds pixel (y, x), which comes after all others, to the last run or as one of its own.
void add_pixel(std::size_t y, std::size_t x, std::vector<PixelRun>& runs);

/// The runs of pixels with mask > 0.5; the whole of every row for an empty view. shape is {ny, nx};
/// the mask has unit stride in x.
std::vector<PixelRun> masked_runs(View<const float, 2> mask,
                                  const std::array<std::size_t, 2>& shape);

std::size_t count_pixels(const std::vector<PixelRun>& runs);

/// Without the 4-connected regions of fewer than `least` pixels.
std::vector<PixelRun> without_small_regions(std::vector<PixelRun> runs, double least);

}  // namespace skymill::kernels
