// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/image/image_params.h>
#include <stages/kernels/samples.h>
#include <stages/kernels/sparse_model.h>

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

  /// The samples of a channel, sorted once for all calls on it.
  class Placed {
   public:
    virtual ~Placed() = default;
  };
  /// Nothing where calls would not be quicker with it.
  /// @param samples with weights; those that psf() counts are placed
  virtual std::unique_ptr<Placed> place(const kernels::PlaneSamples& samples) const = 0;

  /// Writes the image divided by the sum of weights, Jy/beam, and returns that sum.
  /// @param placed of these baselines and weights, or nullptr; serves one call at a time
  virtual double dirty(const kernels::PlaneSamples& samples, Placed* placed,
                       kernels::View<float, 2> image) const = 0;
  /// Writes the PSF, of peak 1, and returns the sum of weights.
  virtual double psf(const kernels::PlaneSamples& samples, Placed* placed,
                     kernels::View<float, 2> image) const = 0;
  /// Writes the visibilities of a model, Jy/pixel: through transforms of the plane, or as a direct
  /// sum where that is less work. Those that were not placed may stay zero.
  /// @param scratch a plane that may be overwritten
  virtual void predict(const kernels::SparseModel& model, kernels::View<float, 2> scratch,
                       const kernels::PlaneSamples& geometry, const Placed* placed,
                       kernels::View<std::complex<float>, 2> vis_out) const = 0;
};

/// @param cell_rad pixel size in x and y, > 0
/// @param samples  of the plane that has most
/// @param threads  of one call at most, where as many are idle; results do not depend on them
std::unique_ptr<PlaneGridder> make_gridder(const ImageParams& params,
                                           const std::array<double, 2>& cell_rad,
                                           std::size_t samples, std::size_t threads);

/// Bytes that placed samples hold.
std::size_t placed_bytes(const ImageParams& params, std::size_t samples);

/// Bytes that one call holds at most besides its arguments, with those of placed samples.
/// @param threads   that work on it, of those it was made for
/// @param longest_m longest baseline; 0 when it is not known
/// @param top_hz    highest frequency
std::size_t gridder_bytes(const ImageParams& params, const std::array<double, 2>& cell_rad,
                          std::size_t samples, std::size_t threads, double longest_m,
                          double top_hz);

}  // namespace skymill::radio
