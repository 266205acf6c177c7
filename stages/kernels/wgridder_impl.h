// SPDX-License-Identifier: GPL-3.0-or-later
// Private to wgridder*.cpp: the state of a WGridder and the steps of its calls.
#pragma once

#include <stages/kernels/es_kernel.h>
#include <stages/kernels/grid_choice.h>
#include <stages/kernels/placed_samples.h>
#include <stages/kernels/row_block.h>
#include <stages/kernels/spectrum_rows.h>
#include <stages/kernels/tap_coefficients.h>
#include <stages/kernels/uv_slab.h>
#include <stages/kernels/uv_slabs.h>
#include <stages/kernels/w_term.h>
#include <stages/kernels/wgridder.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

namespace skymill::kernels {

/// The largest 1 - n of an image.
inline double largest_q(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad) {
  const double l = static_cast<double>(nx / 2) * cell_x_rad;
  const double m = static_cast<double>(ny / 2) * cell_y_rad;
  const double r2 = std::min(1.0, l * l + m * m);
  return r2 / (1 + std::sqrt(1 - r2));
}

template <class Real>
struct WGridder<Real>::Impl {
  using Complex = std::complex<Real>;
  using Kind = WTermPlan::Kind;

  Impl(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
       const WGridderOptions& a_options)
      : options(a_options),
        choice(choose_kernel(nx, ny, a_options, sizeof(Real))),
        kernel(choice),
        u_axis(nx, cell_x_rad, grid_cells(nx, choice.oversampling), kernel),
        v_axis(ny, cell_y_rad, grid_cells(ny, choice.oversampling), kernel),
        q_largest(largest_q(nx, ny, cell_x_rad, cell_y_rad)),
        coefficients(tap_coefficients<Real>(kernel)),
        loops(tap_loops<Real>(choice.taps)),
        plans(u_axis.grid_size, v_axis.grid_size),
        l2(nx),
        u_correction(u_axis.correction.begin(), u_axis.correction.end()) {
    for (std::size_t x = 0; x < nx; ++x) {
      const double l = (static_cast<double>(x) - static_cast<double>(nx / 2)) * cell_x_rad;
      l2[x] = l * l;
    }
  }

  /// Indices first..end - 1.
  struct Run {
    std::size_t first = 0;
    std::size_t end = 0;
  };

  /// A call: its samples, and the planes they go through.
  struct Call {
    Call(const Impl& impl, const PlaneSamples& samples, SampleValues values)
        : Call(impl, samples, values, impl.reach_of_call(samples, values)) {}
    Call(const Impl& impl, const PlaneSamples& samples, SampleValues values,
         const SampleReach& reach)
        : w(impl.plan_w(reach, samples.uvw_m.extent(0) * samples.freq_hz.extent(0))),
          factors(w, impl.options.accuracy),
          whole(w.kind == Kind::kStacking),
          stored(impl.lines_for(reach.u_lambda, whole)),
          placed(samples, values, impl.u_axis, impl.v_axis, w, impl.choice.taps, stored,
                 impl.options.threads),
          slabs(placed.strips, UvSlab<Real>::bytes(impl.v_axis.grid_size, 1),
                static_cast<std::size_t>(impl.choice.taps), impl.options.threads) {}

    WTermPlan w;
    WTermFactors factors;
    bool whole;
    typename PlacedSamples<Real>::Lines stored;
    PlacedSamples<Real> placed;
    UvSlabs slabs;
  };

  /// One plane on its way: what of its lines holds anything.
  struct Plane {
    std::size_t index = 0;
    std::size_t first_bucket = 0;  ///< of the samples that enter it
    std::size_t end_bucket = 0;
    std::vector<Run> runs;  ///< lines that samples touch, counted from the first stored
  };

  SampleReach reach_of_call(const PlaneSamples& samples, SampleValues values) const;
  WTermPlan plan_w(const SampleReach& reach, std::size_t samples) const;
  typename PlacedSamples<Real>::Lines lines_for(double u_lambda, bool whole) const;

  /// Of the values that the call's samples have.
  template <class Pixel>
  double image_of(const Call& call, View<Pixel, 2> image, Pixel* peaks) const;
  template <class Pixel>
  double dirty(Call& call, const PlaneSamples& samples, View<Pixel, 2> image) const;
  template <class Pixel>
  double psf(Call& call, const PlaneSamples& samples, View<Pixel, 2> image) const;
  /// Writes the samples of the call only; `rows` of the model hold anything.
  template <class Pixel>
  void predict(const Call& call, View<const Pixel, 2> model, const std::vector<std::size_t>& rows,
               View<std::complex<Pixel>, 2> vis_out) const;
  /// Of all samples of the geometry.
  template <class Pixel>
  void predict(View<const Pixel, 2> model, const PlaneSamples& geometry,
               View<std::complex<Pixel>, 2> vis_out) const;

  // The uv side: samples to and from spectra of image rows (wgridder_slabs.cpp).
  Plane plane_of(const Call& call, std::size_t index) const;
  /// Grids the samples of a plane and transforms along v: spectra of all image rows.
  void samples_to_spectra(const Call& call, const Plane& plane,
                          const SpectrumRows<Real>& spectra) const;
  /// The transpose, from the spectra of image rows `rows`, of slabs first..end - 1, whose elements
  /// count from the first line of the first slab. Adds to `sums`.
  void spectra_to_samples(const Call& call, const Plane& plane, const SpectrumRows<Real>& spectra,
                          const std::vector<std::size_t>& rows, std::size_t first_slab,
                          std::size_t end_slab, std::vector<Complex>& sums) const;
  void grid_strip(const Call& call, const Plane& plane, std::size_t strip, Real* cells,
                  std::size_t stride) const;
  void read_strip(const Call& call, const Plane& plane, std::size_t bucket, std::size_t strip,
                  const Real* cells, std::size_t stride, std::size_t threads,
                  std::vector<Complex>& sums) const;
  void factors_of(const Call& call, std::size_t plane, std::size_t bucket, std::size_t first,
                  std::size_t count, Real* factors) const;

  // The image side (wgridder_rows.cpp).
  /// Writes image rows, or adds to them; takes the peak of each when `peaks` are wanted.
  template <class Pixel>
  void spectra_to_rows(const Call& call, const Plane& plane, const SpectrumRows<Real>& spectra,
                       double factor, bool add, View<Pixel, 2> image, Pixel* peaks) const;
  /// The rows of a model that hold anything.
  template <class Pixel>
  std::vector<std::size_t> rows_with_flux(View<const Pixel, 2> model) const;
  /// Spectra of these rows, at the lines first..end - 1 of those stored.
  template <class Pixel>
  void rows_to_spectra(const Call& call, const Plane& plane, View<const Pixel, 2> model,
                       const std::vector<std::size_t>& rows, const Run& lines,
                       const SpectrumRows<Real>& spectra) const;
  /// Factors of the pixels of image row y, as the plan of the w term has them.
  void row_factors(const Call& call, std::size_t plane, std::size_t y, RowBlock<Real>& block) const;
  /// Calls body(u, count, element) for neighbouring lines from u on of a run, inside the period
  /// from `element` of a transformed row on.
  template <class Body>
  void inside_period(const Call& call, const Run& run, const Body& body) const;
  /// Calls body(u, element, mirrored) for lines of a run that lie outside the period.
  template <class Body>
  void outside_period(const Call& call, const Run& run, const Body& body) const;
  const WholePlans<Real>& whole_plans() const;

  /// Cell of a transformed line that holds image row y.
  std::size_t column_of(std::size_t y) const {
    return (y + v_axis.grid_size - v_axis.image_size / 2) % v_axis.grid_size;
  }
  /// Correction of image row y, with the sign that moves the origin of v to mid-line.
  double row_scale(std::size_t y) const {
    return (y + v_axis.image_size / 2) % 2 == 0 ? v_axis.correction[y] : -v_axis.correction[y];
  }
  /// Calls body(x, element) for image columns: body gets runs [first, end) of columns and the
  /// element of a transformed row that holds the first.
  template <class Body>
  void over_columns(const Body& body) const {
    const std::size_t middle = u_axis.image_size / 2;
    body(std::size_t{0}, middle, u_axis.grid_size - middle);
    body(middle, u_axis.image_size, std::size_t{0});
  }
  WGridderOptions options;
  KernelChoice choice;
  PolynomialKernel kernel;
  UvAxis u_axis;
  UvAxis v_axis;
  double q_largest;
  AlignedBuffer<Real> coefficients;
  TapLoops<Real> loops;
  HalfPlans<Real> plans;
  std::vector<double> l2;          // per image column
  std::vector<Real> u_correction;  // the same
  mutable std::once_flag whole_once;
  mutable std::optional<WholePlans<Real>> whole;
};

template <class Real>
struct WGridder<Real>::Placed::Call {
  typename Impl::Call call;
  std::size_t rows;
  std::size_t chans;
};

}  // namespace skymill::kernels
