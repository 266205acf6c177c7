// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/data/visibilities.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/sky/dish_beam.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// Where dishes point to, and how much of the data is from there.
struct BeamPointing {
  Direction direction;
  double weight = 1;
};

/// Primary beams of the planes of a cube: the weighted mean, never renormalised, of the dishes'
/// beam over where they pointed to, wherever that is in the image (imaging.md 2.10). Rows are made
/// when they are asked for, so that no plane is ever held.
class PrimaryBeams {
 public:
  /// @param pointings the phase centre of the data, of dishes that track it
  PrimaryBeams(DishBeam beam, const ImageHeader& image, const std::vector<BeamPointing>& pointings);

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
  struct Axis {
    double x = 0, y = 0;  ///< pixel
    double share = 1;     ///< of all weights
  };
  double power_at(double x, double y, double scale) const;
  std::vector<kernels::PixelRun> above_one(double freq_hz, double level) const;

  DishBeam beam_;
  std::size_t nx_;
  std::size_t ny_;
  double cell_x_arcmin_;
  double cell_y_arcmin_;
  std::vector<Axis> axes_;
};

}  // namespace skymill::radio
