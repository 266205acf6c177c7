// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include "preview_canvas.h"
#include "preview_png.h"

#include <array>
#include <optional>
#include <vector>

namespace skymill::radio {

/// Pixels to directions and back by the SIN projection; pixels count from 0.
class SkyProjection {
 public:
  explicit SkyProjection(const PreviewInput& input);

  struct Sky {
    double ra_offset_rad = 0;  ///< from the reference direction, -pi..pi
    double dec_rad = 0;
  };
  /// Nothing outside the hemisphere that SIN can show.
  std::optional<Sky> sky(double x, double y) const;
  /// Nothing for the far hemisphere.
  std::optional<std::array<double, 2>> pixel(double ra_rad, double dec_rad) const;
  double reference_ra_rad() const { return ra_rad_; }

 private:
  double ra_rad_ = 0;
  double sin_dec_ = 0;
  double cos_dec_ = 1;
  double cell_x_rad_ = 0;
  double cell_y_rad_ = 0;
  std::array<double, 2> reference_{};
};

enum class SkyCoordinate { right_ascension, declination };

/// The straight line of pixels along which ticks are wanted.
struct PixelEdge {
  std::array<double, 2> from{};
  std::array<double, 2> to{};
};

/// Places where the coordinate has a round value, as fractions of the way along the edge, with
/// sexagesimal labels.
struct SkyTick {
  double along = 0;
  Label label;
};

/// A step of seconds of time (right ascension) or of arc (declination) such that at most `most`
/// ticks lie on the edge.
double sky_step(const SkyProjection& projection, SkyCoordinate coordinate, const PixelEdge& edge,
                int most);
std::vector<SkyTick> sky_ticks(const SkyProjection& projection, SkyCoordinate coordinate,
                               const PixelEdge& edge, double step);

}  // namespace skymill::radio
