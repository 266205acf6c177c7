// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/samples.h>
#include <stages/kernels/view.h>

#include <complex>
#include <cstddef>
#include <limits>
#include <memory>

namespace skymill::kernels {

/// Whether the phase exp(-2 pi i w (n - 1)) is part of the image.
enum class WTerm {
  kAsNeeded,  ///< to the accuracy; without any cost where the data and the field need none
  kIgnored
};

struct WGridderOptions {
  /// Relative L2 error of images and visibilities: 1e-6 to 0.1 in single precision, 1e-12 to 0.1
  /// in double.
  double accuracy = 1e-4;
  WTerm w_term = WTerm::kAsNeeded;
  std::size_t threads = 1;
  /// About how many samples feed a plane: many make a finer grid with a narrower kernel pay. The
  /// accuracy is kept whatever comes.
  std::size_t expected_samples = 400000;
};

/// The `wgridder` of imaging.md 2.0: a least-aliasing kernel to the accuracy asked for, and the w
/// term by an expansion in w, by improved w-stacking, or not at all, whichever is the least work
/// for the data of the call. Images are [y][x]; pixel (ny/2, nx/2) is the phase centre,
/// l = (x - nx/2)*cell_x_rad and m = (y - ny/2)*cell_y_rad. Real (float or double) is the
/// precision of the grid and its transform. One object serves any number of planes; its methods
/// are const and may run at once in several threads. Results have the same bits for any number
/// of threads on one machine; between machines they differ by rounding. Samples with |u| or |v|
/// beyond half a wave per pixel are dropped, also from the weights. Pixels beyond the horizon
/// (l^2 + m^2 >= 1) are zero where the w term is used.
template <class Real>
class WGridder {
 public:
  /// Throws std::invalid_argument for sides below 8, cell_x_rad >= 0, cell_y_rad <= 0, no threads
  /// or an accuracy that the precision cannot give.
  WGridder(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
           const WGridderOptions& options = {});
  ~WGridder();
  WGridder(WGridder&&) noexcept;
  WGridder& operator=(WGridder&&) noexcept;

  /// Writes the dirty image, already divided by the sum of weights (Jy/beam), and returns that
  /// sum. When the sum is <= kLeastSumOfWeights the image is zero; the sum is still returned.
  double dirty(const PlaneSamples& samples, View<float, 2> image) const;
  double dirty(const PlaneSamples& samples, View<double, 2> image) const;

  /// Writes the PSF: visibilities of 1, divided by its own maximum (imaging.md 2.8); zero when
  /// the sum of weights or that maximum is <= kLeastSumOfWeights. A sample counts by its weight
  /// and, when samples.vis is given, by its visibility being finite. Returns the sum of weights.
  double psf(const PlaneSamples& samples, View<float, 2> image) const;
  double psf(const PlaneSamples& samples, View<double, 2> image) const;

  /// Visibilities of a model image (Jy/pixel) at every row and channel of the geometry, whatever
  /// the weights: samples.vis and samples.weight may be empty. Exact adjoint of the gridding:
  /// Re sum(w conj(predict(x)) v) = sumwt * sum(x dirty(v)), when both see the same w term, that
  /// is, when no row without weight has a larger |w|. Samples off the grid get zero. Rows of the
  /// model without flux cost one look and no memory.
  void predict(View<const float, 2> model, const PlaneSamples& geometry,
               View<std::complex<float>, 2> vis_out) const;
  void predict(View<const double, 2> model, const PlaneSamples& geometry,
               View<std::complex<double>, 2> vis_out) const;

  /// Samples of a plane sorted once for several calls, with the w term that they need.
  class Placed {
   public:
    ~Placed();
    Placed(Placed&&) noexcept;

   private:
    friend class WGridder;
    struct Call;
    explicit Placed(std::unique_ptr<Call> call);
    std::unique_ptr<Call> call_;
  };

  /// Places the samples that count, as psf() counts them.
  Placed place(const PlaneSamples& samples) const;
  /// As without `placed`, of the samples placed: the same baselines, frequencies and weights, and
  /// any visibilities; one that is no number now counts as zero. One call at a time.
  double dirty(Placed& placed, const PlaneSamples& samples, View<float, 2> image) const;
  double psf(Placed& placed, const PlaneSamples& samples, View<float, 2> image) const;
  /// Zero for what was not placed.
  void predict(const Placed& placed, View<const float, 2> model,
               View<std::complex<float>, 2> vis_out) const;
  /// Upper bound of what it holds between calls.
  static std::size_t placed_bytes(std::size_t samples);

  std::size_t nx() const;
  std::size_t ny() const;

  /// How far the samples of a call reach, in wavelengths; by default as far as the grid holds u
  /// or v, also in w.
  struct Reach {
    double u_lambda = std::numeric_limits<double>::infinity();
    double w_lambda = std::numeric_limits<double>::infinity();
  };

  /// Upper bound of the scratch memory of one running call on `samples` samples, besides the
  /// views passed in. It counts on images whose pixels are Real and lie side by side in a row:
  /// their memory serves on the way. Others need up to 4 nx ny sizeof(Real) more.
  static std::size_t footprint_bytes(std::size_t nx, std::size_t ny, double cell_x_rad,
                                     double cell_y_rad, std::size_t samples,
                                     const WGridderOptions& options = {}, Reach reach = {});

  /// How a call on these samples would treat them; for logs and tests.
  struct Treatment {
    std::size_t planes = 1;  ///< of the uv plane transformed
    bool whole = false;      ///< whole complex planes (w-stacking), not half planes
    int taps = 0;            ///< cells of the kernel along an axis
    std::size_t u_size = 0;  ///< cells of the padded grid
    std::size_t v_size = 0;
  };
  Treatment treatment(const PlaneSamples& samples) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace skymill::kernels
