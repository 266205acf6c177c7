// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/beam_fit.h>
#include <stages/kernels/sparse_model.h>
#include <stages/kernels/view.h>

#include <array>
#include <cstddef>
#include <memory>

namespace skymill::kernels {

enum class RestoreMethod {
  kAutomatic,  ///< stamps when the model has few non-zero pixels, transforms otherwise
  kStamps,     ///< one Gaussian per non-zero pixel of the model
  kFft,        ///< convolution of padded tiles, so nothing wraps round
};

/// image = residual + model convolved with the beam of peak 1, imaging.md 2.9: Jy/pixel becomes
/// Jy/beam. All views [y][x] of one shape; image may be the memory of residual. The Gaussian is
/// sampled at pixel centres and cut where it falls below 1e-8. Both methods agree to 1e-5 of the
/// peak. Throws std::invalid_argument for differing shapes, bad cells or a beam without width.
void restore(View<const float, 2> residual, View<const float, 2> model, const GaussianBeam& beam,
             double cell_x_rad, double cell_y_rad, View<float, 2> image,
             RestoreMethod method = RestoreMethod::kAutomatic);

/// The same, row by row, of a sparse model: what a plane is written from that nobody holds.
class StampedModel {
 public:
  /// shape is {ny, nx}. Throws as restore().
  StampedModel(SparseModel model, const std::array<std::size_t, 2>& shape, const GaussianBeam& beam,
               double cell_x_rad, double cell_y_rad);
  ~StampedModel();
  StampedModel(StampedModel&&) noexcept;
  StampedModel& operator=(StampedModel&&) noexcept;

  /// Whether stamps are cheaper than the transforms of restore().
  bool pays() const;

  /// Adds the convolved model to rows [first, first + rows.extent(0)) of the plane.
  void add_to(std::size_t first, View<float, 2> rows) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace skymill::kernels
