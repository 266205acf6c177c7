// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <cstddef>
#include <memory>

namespace skymill::kernels {

/// Baselines, frequencies and weights of the samples of one image plane.
struct WeightSamples {
  View<const double, 2> uvw_m;    ///< [row][3], metres
  View<const double, 1> freq_hz;  ///< [chan]
  View<const float, 2> weight;    ///< [row][chan], weight of ONE hand; <= 0 or not finite: skip
};

enum class WeightingScheme {
  kNatural,
  kUniform,
  kBriggs,
  kBriggsAbs,      ///< robustness against a noise that the user gives
  kBriggsBwTaper,  ///< Briggs with a bandwidth's taper of the density
};

/// How weights follow from densities, imaging.md 2.2.
struct Weighting {
  WeightingScheme scheme = WeightingScheme::kNatural;
  double robust = 0.5;  ///< the three Briggs schemes
  double noise_jy = 1;  ///< kBriggsAbs; weights are Jy^-2
  double fracbw = 0;    ///< kBriggsBwTaper: fractional bandwidth of the full cube
};

/// Which cells of the density grid a sample and its mirror fall into, imaging.md 2.2.
enum class DensityCells {
  kNearest,    ///< cube density: nearest cell of (-u, -v), mirrored about cell n/2
  kTruncated,  ///< joint density: n/2 + n*cell*u cut to a whole number, in single precision
};

/// Briggs' (5 * 10^-R)^2, imaging.md 2.2 and 11.
double briggs_numerator(double robust);

/// Fractional bandwidth 2(last - first)/(last + first) of a cube whose end channels have these
/// centres, in any order; for `Weighting::fracbw`.
double fractional_bandwidth(double first_hz, double last_hz);

/// Density of weights in the uv plane, on the nx x ny cells of the unpadded image; a sample counts
/// at (u, v) and at (-u, -v). For one image plane, or jointly for all planes of a cube.
/// Use: add() all samples, then imaging_weights() on each chunk in any order.
class DensityGrid {
 public:
  /// Cells of 1/(nx*cell_x_rad) and 1/(ny*cell_y_rad) wavelengths. A sample adds to the
  /// (2 box + 1)^2 cells around its own (superuniform); with box > 0, or truncated cells, those
  /// count only whose box lies between the first and last line and column.
  /// kTruncated: a sample exactly on the border of a cell has its mirror in the cell beside.
  /// Throws std::invalid_argument for sides below 2 or cells that are zero or not finite.
  DensityGrid(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
              DensityCells cells = DensityCells::kNearest, std::size_t box = 0);

  /// Adds samples; each counts `hands` times (2 for Stokes I of two parallel hands).
  void add(const WeightSamples& samples, int hands);

  /// Weights of every sample; 0 for skipped ones, for samples off the grid and where no density
  /// was added. `out` is [row][chan] and may be the memory of samples.weight.
  ///
  ///   w/(W f2 + d2), where Briggs' S2 = (5*10^-R)^2 / (sum W^2 / sum w), both halves in the sums
  ///   uniform          f2 = 1        d2 = 0
  ///   briggs           f2 = S2       d2 = 1
  ///   briggsabs        f2 = R^2      d2 = 2 noise^2
  ///   briggsbwtaper    f2 = S2/D     d2 = 1, D of imaging.md 2.2
  ///
  /// natural: w unchanged (0 when skipped).
  /// Throws std::invalid_argument for S2 of a grid with a box, no fractional bandwidth, or
  /// briggsabs with neither robustness nor noise.
  void imaging_weights(const WeightSamples& samples, const Weighting& weighting,
                       View<float, 2> out) const;

  double sum_of_weights() const { return sum_of_weights_; }  ///< of all hands and both halves
  double sum_of_squares() const { return sum_of_squares_; }  ///< of both halves, without the box
  /// Density of both halves at cell (iu, iv), 0-based, box included; 0 outside the grid.
  double density(std::ptrdiff_t iu, std::ptrdiff_t iv) const;

  static std::size_t footprint_bytes(std::size_t nx, std::size_t ny);

 private:
  struct Cell {
    std::ptrdiff_t iu = 0;
    std::ptrdiff_t iv = 0;
  };
  Cell cell_of(double u_lambda, double v_lambda) const;
  Cell mirror_of(const Cell& cell) const;
  void prefetch(const Cell& cell) const;
  void add_to_cell(const Cell& cell, double added);
  bool inside(const Cell& cell) const;
  bool kept(const Cell& cell) const;
  std::size_t slot(const Cell& cell) const;
  double added_at(const Cell& cell) const;
  void require(const Weighting& weighting) const;

  DensityCells cells_;
  std::ptrdiff_t box_;
  std::ptrdiff_t nx_;
  std::ptrdiff_t ny_;
  double u_scale_;
  double v_scale_;
  double sum_of_weights_ = 0;
  double sum_of_squares_ = 0;
  struct Free {
    void operator()(double* memory) const;
  };
  /// A cell and its mirror share one element. Memory of zeros that takes room where it is touched.
  std::unique_ptr<double[], Free> half_plane_;
};

/// Radial weighting: w sqrt(u^2 + v^2), u and v in wavelengths; 0 for the samples that do not
/// count. `out` is [row][chan] and may be the memory of samples.weight.
void radial_weights(const WeightSamples& samples, View<float, 2> out);

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
