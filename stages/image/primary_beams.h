// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/data/visibilities.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/sky/dish_beam.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// Primary beams of the planes of a cube: the pointing is the phase centre of the data, wherever it
/// is in the image. Rows are made when they are asked for, so that no plane is ever held.
class PrimaryBeams {
 public:
  /// @param pointing the phase centre of the data
  PrimaryBeams(DishBeam beam, const ImageHeader& image, const Direction& pointing);

  const std::string& words() const { return beam_.words; }

  /// Writes rows [first, first + rows) of the beam at one frequency.
  void rows(double freq_hz, std::size_t first, std::size_t rows, float* out) const;

  /// The pixels with beam > level; the same as rows() give, at the cost of the rim.
  std::vector<kernels::PixelRun> above(double freq_hz, double level) const;

  /// The products of a plane. `.pb` is masked where pb <= |pblimit|, and so is `image / pb`
  /// whatever the sign of pblimit: tclean leaves zeros there when it is negative. Masked pixels are
  /// NaN.
  Plane pb(double freq_hz, double pblimit) const;
  Plane corrected(Plane image, double freq_hz, double pblimit) const;
  /// The plane itself, masked where pb <= pblimit.
  Plane limited(Plane plane, double freq_hz, double pblimit) const;

 private:
  /// Of pixel x in a row; dy2 is the square of the row's distance from the axis times the
  /// frequency.
  double power_at(double x, double dy2, double scale) const;

  DishBeam beam_;
  std::size_t nx_;
  std::size_t ny_;
  double cell_x_arcmin_;
  double cell_y_arcmin_;
  std::array<double, 2> axis_;  ///< pixel in x and y
};

}  // namespace skymill::radio
