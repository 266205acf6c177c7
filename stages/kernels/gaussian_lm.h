// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the least-squares part of the beam fit.
#pragma once

#include <optional>
#include <vector>

namespace skymill::kernels {

/// One value of the PSF at an offset east and north of its peak.
struct LobePoint {
  double east = 0;
  double north = 0;
  double value = 0;
};

/// Free parameters of a Gaussian of height 1 at the origin; widths in the units of the points.
struct GaussianShape {
  double fwhm = 0;   ///< along pa
  double ratio = 1;  ///< width across pa over width along it; may come out above 1
  double pa_rad = 0;
};

/// Levenberg-Marquardt with unit weights (imaging.md 2.8); nullopt when it does not settle
/// within 1000 steps, leaves the range of sensible shapes or has fewer than four points.
std::optional<GaussianShape> fit_gaussian(const std::vector<LobePoint>& points,
                                          const GaussianShape& start);

}  // namespace skymill::kernels
