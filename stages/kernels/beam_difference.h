// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/beam_fit.h>
#include <stages/kernels/view.h>

#include <optional>

namespace skymill::kernels {

/// The Gaussian that makes `target` of `beam` by convolution; its axes may be 0. Nothing when
/// `beam` sticks out of `target` by more than 1e-6 of its axes' squares.
std::optional<GaussianBeam> beam_difference(const GaussianBeam& target, const GaussianBeam& beam);

/// Brings a plane of Jy/beam [y][x] from one beam to a wider one: convolved with their difference
/// and scaled to the new beam's area, so that a point keeps its height (imaging.md 2.9). As with
/// tclean a difference whose minor axis is not above the diagonal of a pixel is left out. Returns
/// false, with `out` not touched, when there is nothing to do or the beam sticks out. `out` has
/// the plane's shape and other memory. Throws std::invalid_argument as restore().
bool convolve_to_beam(View<const float, 2> plane, const GaussianBeam& beam,
                      const GaussianBeam& target, double cell_x_rad, double cell_y_rad,
                      View<float, 2> out);

}  // namespace skymill::kernels
