// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/samples.h>
#include <stages/kernels/view.h>

#include <complex>
#include <cstddef>
#include <memory>

namespace skymill::kernels {

/// The `standard` gridder of imaging.md 2.6: spheroidal kernel of 7x7 cells, nearest of 100
/// offsets, padding 1.2, w ignored. Images are [y][x]; pixel (ny/2, nx/2) is the phase centre,
/// l = (x - nx/2)*cell_x_rad and m = (y - ny/2)*cell_y_rad. Real (float or double) is the
/// precision of the grid and its transform. One object serves any number of planes; its methods
/// are const and may run at once in several threads. Results have the same bits for any
/// `threads`. Samples whose footprint leaves the padded grid are dropped, also from the weights.
template <class Real>
class StandardGridder {
 public:
  /// Throws std::invalid_argument for sides below 8, cell_x_rad >= 0, cell_y_rad <= 0 or no
  /// threads. `threads` (per call) serves the transforms and `predict`; gridding is one thread.
  StandardGridder(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
                  std::size_t threads = 1);
  ~StandardGridder();
  StandardGridder(StandardGridder&&) noexcept;
  StandardGridder& operator=(StandardGridder&&) noexcept;

  /// Writes the dirty image, already divided by the sum of weights (Jy/beam), and returns that
  /// sum. When the sum is <= kLeastSumOfWeights the image is zero; the sum is still returned.
  double dirty(const PlaneSamples& samples, View<float, 2> image) const;

  /// Writes the PSF: visibilities of 1, divided by its own maximum (imaging.md 2.8); zero when
  /// the sum of weights or that maximum is <= kLeastSumOfWeights. A sample counts by its weight
  /// and, when samples.vis is given, by its visibility being finite. Returns the sum of weights.
  double psf(const PlaneSamples& samples, View<float, 2> image) const;

  /// Visibilities of a model image (Jy/pixel) at every row and channel of the geometry, whatever
  /// the weights: samples.vis and samples.weight may be empty. Exact adjoint of the gridding:
  /// Re sum(w conj(predict(x)) v) = sumwt * sum(x dirty(v)). Samples off the grid get zero.
  void predict(View<const float, 2> model, const PlaneSamples& geometry,
               View<std::complex<float>, 2> vis_out) const;

  std::size_t nx() const;
  std::size_t ny() const;

  /// Upper bound of the scratch memory of one running call, besides the views passed in.
  static std::size_t footprint_bytes(std::size_t nx, std::size_t ny, std::size_t threads = 1);

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace skymill::kernels
