// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the kernel and the grid of WGridder, chosen by what they cost.
#pragma once

#include <stages/kernels/es_kernel.h>
#include <stages/kernels/wgridder.h>

#include <cstddef>

namespace skymill::kernels {

/// The side of the grid: the smallest multiple of 8 (of 2 below 128) that is fine enough and has
/// no prime factor above 7.
std::size_t grid_cells(std::size_t image_pixels, double oversampling);

/// What a call costs, in nanoseconds of one core; measured, and good enough to choose by.
struct GridCost {
  GridCost(const KernelChoice& kernel, std::size_t nx, std::size_t ny, std::size_t samples,
           std::size_t real_bytes);

  std::size_t u_size;  ///< cells of the grid
  std::size_t v_size;
  double plane = 0;   ///< the transforms of a half plane
  double sample = 0;  ///< all samples on one plane
};

/// The cheapest kernel that keeps the accuracy. Throws std::invalid_argument when none does.
KernelChoice choose_kernel(std::size_t nx, std::size_t ny, const WGridderOptions& options,
                           std::size_t real_bytes);

}  // namespace skymill::kernels
