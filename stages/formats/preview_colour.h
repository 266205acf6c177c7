// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include "preview_canvas.h"

#include <vector>

namespace skymill::radio {

/// A colour for 0..1, dark blue over green to yellow; its lightness grows all the way.
Rgb map_colour(double fraction);

/// The finite pixels in a few numbers.
struct PixelSummary {
  bool any = false;
  double minimum = 0;
  double maximum = 0;
  double median = 0;
  double sigma = 0;  ///< 1.4826 × median absolute deviation
};
PixelSummary summarise(const std::vector<float>& pixels);

/// Maps values to 0..1 by an inverse hyperbolic sine: linear within the noise, so that it shows,
/// logarithmic above.
class Stretch {
 public:
  explicit Stretch(const PixelSummary& summary);
  double fraction(double value) const;
  double low() const { return low_; }
  double high() const { return high_; }
  /// Round values for the colour bar, at least `spacing` of the bar's length apart.
  std::vector<double> ticks(double spacing) const;

 private:
  double low_ = 0;
  double high_ = 1;
  double linear_ = 1;  ///< up to about here the scale is linear
};

}  // namespace skymill::radio
