// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/image/image_params.h>
#include <stages/image/plane_givens.h>
#include <stages/kernels/auto_multithresh.h>
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/multiscale.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/sparse_model.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <optional>

namespace skymill::radio {

/// What cleaning between two major cycles does to one channel: the deconvolver and the mask that
/// the parameters ask for.
class MinorCycle {
 public:
  struct Result {
    std::size_t iterations = 0;
    bool diverged = false;
  };

  /// The PSF and what is given are kept by the caller; [y][x]; cell_x < 0.
  MinorCycle(const ImageParams& params, const PlaneGivens& givens,
             kernels::View<const float, 2> psf, const kernels::GaussianBeam& beam,
             double cell_x_rad, double cell_y_rad, double sidelobe_level);

  /// Makes the automatic mask for this residual, if there is one; it never leaves the user's.
  void update_mask(kernels::View<const float, 2> residual, std::size_t iterations_done,
                   double cyclethreshold);

  /// Nothing when everything may be cleaned.
  const std::optional<kernels::PixelRuns>& mask() const { return mask_; }

  /// At most `iterations` down to the threshold. The residual is spent: a major cycle follows.
  Result clean(kernels::View<float, 2> residual, kernels::SparseModel& model, double threshold,
               std::size_t iterations);

  /// Bytes that one holds at most in a cycle for images of these parameters.
  static std::size_t bytes(const ImageParams& params);
  /// Bytes of the mask.
  static std::size_t mask_bytes(const ImageParams& params);

 private:
  const ImageParams& params_;
  const PlaneGivens& givens_;
  kernels::View<const float, 2> psf_;
  kernels::GaussianBeam beam_;
  double cell_x_;
  double cell_y_;
  double sidelobe_level_;
  std::optional<kernels::AutoMultithresh> masker_;
  std::optional<kernels::Multiscale> multiscale_;
  std::optional<kernels::PixelRuns> mask_;
};

}  // namespace skymill::radio
