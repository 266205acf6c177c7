// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// Baselines, frequencies and weights of the samples of one image plane.
struct WeightSamples {
  View<const double, 2> uvw_m;    ///< [row][3], metres
  View<const double, 1> freq_hz;  ///< [chan]
  View<const float, 2> weight;    ///< [row][chan], weight of ONE hand; <= 0 or not finite: skip
};

enum class WeightingScheme { kNatural, kUniform, kBriggs };

/// Briggs' (5 * 10^-R)^2, imaging.md 2.2 and 11.
double briggs_numerator(double robust);

/// Density of weights in the uv plane of one image plane: cube density of imaging.md 2.2 (cells
/// of the unpadded nx x ny grid, nearest cell of (-u, -v), Hermitian-symmetrised).
/// Use: add() all samples, then imaging_weights() on each chunk in any order.
class DensityGrid {
 public:
  /// Cells of 1/(nx*cell_x_rad) and 1/(ny*cell_y_rad) wavelengths. Throws std::invalid_argument
  /// for sides below 2 or cells that are zero or not finite.
  DensityGrid(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad);

  /// Adds samples; each counts `hands` times (2 for Stokes I of two parallel hands).
  void add(const WeightSamples& samples, int hands);

  /// w/(W f2 + d2) for every sample, 0 for skipped ones, for samples off the grid and where no
  /// density was added. uniform: f2 = 1, d2 = 0; briggs: f2 = (5*10^-R)^2/(sum W^2/(2 sumwt)),
  /// d2 = 1. `out` is [row][chan] and may be the memory of samples.weight.
  /// natural: w unchanged (0 when skipped). `robust` is used by briggs only.
  void imaging_weights(const WeightSamples& samples, WeightingScheme scheme, double robust,
                       View<float, 2> out) const;

  double sum_of_weights() const { return sum_of_weights_; }  ///< of all hands added
  double sum_of_squares() const { return sum_of_squares_; }  ///< of the symmetrised grid
  /// Density of the symmetrised grid at cell (iu, iv), 0-based; 0 outside the grid.
  double density(std::ptrdiff_t iu, std::ptrdiff_t iv) const;

  static std::size_t footprint_bytes(std::size_t nx, std::size_t ny);

 private:
  struct Cell {
    std::ptrdiff_t iu = 0;
    std::ptrdiff_t iv = 0;
  };
  Cell cell_of(double u_lambda, double v_lambda) const;
  void add_to_cell(const Cell& cell, double added);
  bool inside(std::ptrdiff_t iu, std::ptrdiff_t iv) const;
  std::size_t slot(std::ptrdiff_t du, std::ptrdiff_t dv) const;

  std::ptrdiff_t nx_;
  std::ptrdiff_t ny_;
  double u_scale_;
  double v_scale_;
  double sum_of_weights_ = 0;
  double sum_of_squares_ = 0;
  std::vector<double> half_plane_;  ///< a cell and its mirror share one element
};

/// Natural weighting: copies weights, writing 0 for the samples that do not count.
void natural_weights(View<const float, 2> weight, View<float, 2> out);

/// Gaussian taper exp(-a u'^2 - b v'^2) in the uv plane, imaging.md 2.3. u in wavelengths.
struct UvTaper {
  double a = 0;  ///< along the major axis, wavelengths^-2
  double b = 0;  ///< along the minor axis
  double pa_rad = 0;

  /// From the image-domain FWHM of the Gaussian it convolves with.
  static UvTaper from_image_fwhm(double major_rad, double minor_rad, double pa_rad);
  /// From half widths at half maximum in the uv plane.
  static UvTaper from_uv_hwhm(double major_lambda, double minor_lambda, double pa_rad);
  /// Factor at (u, v) wavelengths.
  double factor(double u_lambda, double v_lambda) const;
};

/// Multiplies weight [row][chan] in place.
void apply_uvtaper(const UvTaper& taper, View<const double, 2> uvw_m, View<const double, 1> freq_hz,
                   View<float, 2> weight);

/// Theoretical sensitivity sqrt(sum w_img^2/w)/sum w_img over samples and hands (imaging.md 2.4);
/// Jy when weights are Jy^-2. Chunks may be added one after the other.
class SensitivitySum {
 public:
  /// `natural` and `imaging` are [row][chan], weights of one hand.
  void add(View<const float, 2> natural, View<const float, 2> imaging, int hands);
  /// 0 when nothing was added.
  double value() const;

 private:
  double sum_imaging_ = 0;
  double sum_variance_ = 0;
};

}  // namespace skymill::kernels
