// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/beam_fit.h>
#include <stages/kernels/pixel_runs.h>

#include <array>
#include <vector>

namespace skymill::kernels {

/// Convolves the 0/1 mask that the runs stand for with the Gaussian and keeps the pixels above
/// cutthreshold * (the largest value of the smoothed mask), imaging.md 4.3. Nothing wraps round at
/// the image's edges. shape is {ny, nx}; the Gaussian is cut where it falls below 1e-8.
/// Throws std::invalid_argument for a Gaussian without width or bad cells.
PixelRuns smooth_and_cut(const PixelRuns& runs, const std::array<std::size_t, 2>& shape,
                         const GaussianBeam& gaussian, double cell_x_rad, double cell_y_rad,
                         double cutthreshold);

}  // namespace skymill::kernels
