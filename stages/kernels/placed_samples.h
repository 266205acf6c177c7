// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the samples of a plane in the order in which WGridder grids them.
#pragma once

#include <stages/kernels/es_kernel.h>
#include <stages/kernels/fft.h>
#include <stages/kernels/samples.h>
#include <stages/kernels/tap_loops.h>
#include <stages/kernels/w_term.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// One axis of the uv plane: positions in cells from its middle, at -lambda as the transform that
/// makes images has the sign +.
struct UvAxis {
  UvAxis(std::size_t image_pixels, double cell_rad, std::size_t grid_cells,
         const PolynomialKernel& kernel);

  double position(double lambda) const { return cells_per_lambda * lambda; }
  /// False beyond half a turn per pixel, where the image cannot follow, and for NaN.
  bool holds(double at) const { return std::abs(at) <= half; }

  std::size_t image_size;
  std::size_t grid_size;  ///< even
  double cell;            ///< radians a pixel
  double cells_per_lambda;
  double half;                     ///< grid_size/2
  std::vector<double> correction;  ///< 1 over the transform of the kernel, per image pixel
};

/// What of the samples decides the size of the plane and its w term.
struct SampleReach {
  double u_lambda = 0;  ///< largest |u|
  double least_w = 0;   ///< smallest |w|
  double largest_w = 0;
};

/// Over samples whose baseline is finite and, if there are weights, of which one counts.
SampleReach reach_of(const PlaneSamples& samples, const UvAxis& u_axis, const UvAxis& v_axis);

enum class SampleValues { kGiven, kOnes, kNone };

/// The samples that count, sorted by plane of w, by strip of lines and by tile in it. The order
/// follows from the data alone. Strips of one parity share no cells.
template <class Real>
struct PlacedSamples {
  static constexpr std::size_t kStripLines = 16;
  static constexpr std::size_t kTileColumns = 32;

  /// Real kernels reach over fewer lines than a strip has.
  static_assert(kStripLines >= static_cast<std::size_t>(kMostTaps));

  /// The lines that samples may touch: first..first + stored - 1, counted from the middle. Some
  /// may lie outside the period.
  struct Lines {
    int first = 0;
    std::size_t stored = 0;
  };

  PlacedSamples(const PlaneSamples& samples, SampleValues values, const UvAxis& u_axis,
                const UvAxis& v_axis, const WTermPlan& w_plan, int taps, const Lines& lines,
                std::size_t threads);

  /// An upper bound of the bytes per sample, and while sorting.
  static constexpr std::size_t kBytesEach =
      2 * (sizeof(TapPlace<Real>) + 4 * sizeof(Real)) + 4 * sizeof(std::uint32_t);
  /// And of what is kept, with the value or the predicted sum of a sample.
  static constexpr std::size_t kBytesKept =
      sizeof(TapPlace<Real>) + 5 * sizeof(Real) + sizeof(std::uint32_t);

  /// Sets the values of a call, of these samples or of others at the same places.
  void set_values(const PlaneSamples& samples, SampleValues values, std::size_t threads);

  std::size_t count() const { return places.size(); }
  /// Samples of a bucket (the first plane of w they enter) and strip: starts[k]..starts[k + 1],
  /// k = bucket * strips + strip.
  std::size_t begin_of(std::size_t bucket, std::size_t strip) const {
    return starts[bucket * strips + strip];
  }

  std::size_t strips = 0;
  std::size_t buckets = 1;
  std::vector<std::size_t> starts;
  AlignedBuffer<TapPlace<Real>> places;      ///< lines count from the first of their strip
  AlignedBuffer<std::complex<Real>> turns;   ///< exp(-2 pi i w q_middle); empty without a w term
  AlignedBuffer<std::complex<Real>> values;  ///< weighted and turned; conjugate where mirrored
  AlignedBuffer<Real> w_arguments;           ///< kExpansion: w/w_max; kStacking: of the polynomials
  AlignedBuffer<std::uint32_t> sources;      ///< twice row * channels + channel, 1 more if mirrored
  double sum_of_weights = 0;
};

}  // namespace skymill::kernels
