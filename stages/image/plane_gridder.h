// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/image/image_params.h>
#include <stages/kernels/samples.h>

#include <array>
#include <complex>
#include <cstddef>
#include <memory>

namespace skymill::radio {

/// The gridder and the precision that the parameters ask for. One serves all planes of a cube, from
/// any number of threads at once.
class PlaneGridder {
 public:
  virtual ~PlaneGridder() = default;

  /// Writes the image divided by the sum of weights, Jy/beam, and returns that sum.
  virtual double dirty(const kernels::PlaneSamples& samples,
                       kernels::View<float, 2> image) const = 0;
  /// Writes the PSF, of peak 1, and returns the sum of weights.
  virtual double psf(const kernels::PlaneSamples& samples, kernels::View<float, 2> image) const = 0;
  /// Writes the visibilities of a model, Jy/pixel.
  virtual void predict(kernels::View<const float, 2> model, const kernels::PlaneSamples& geometry,
                       kernels::View<std::complex<float>, 2> vis_out) const = 0;
};

/// @param cell_rad pixel size in x and y, > 0
/// @param samples  of the plane that has most
/// @param threads  of one call; results do not depend on them
std::unique_ptr<PlaneGridder> make_gridder(const ImageParams& params,
                                           const std::array<double, 2>& cell_rad,
                                           std::size_t samples, std::size_t threads);

/// Bytes that one call holds at most besides its arguments.
/// @param longest_m longest baseline; 0 when it is not known
/// @param top_hz    highest frequency
std::size_t gridder_bytes(const ImageParams& params, const std::array<double, 2>& cell_rad,
                          std::size_t samples, std::size_t threads, double longest_m,
                          double top_hz);

}  // namespace skymill::radio
