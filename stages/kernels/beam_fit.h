// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <optional>

namespace skymill::kernels {

/// An elliptical Gaussian by its full widths at half maximum.
struct GaussianBeam {
  double major_rad = 0;
  double minor_rad = 0;
  double pa_rad = 0;  ///< of the major axis, north through east, within (-pi/2, pi/2]

  /// Height at offset l (east) and m (north), radians; 1 at the centre.
  double operator()(double l_rad, double m_rad) const;
  /// Solid angle pi*major*minor/(4 ln 2), steradian.
  double solid_angle_sr() const;
};

/// Fits the main lobe of a PSF [y][x] with peak near 1 in its central quarter by a Gaussian of
/// height 1, imaging.md 2.8. cell_x_rad < 0 (x grows to the west), cell_y_rad > 0. Pixels above
/// `psfcutoff` connected to the peak are used; the cut-off is lowered when the fit fails.
/// nullopt when no fit succeeds (blank plane, peak off centre, no convergence).
/// Throws std::invalid_argument for bad cells or a cut-off outside (0, 1).
std::optional<GaussianBeam> fit_beam(View<const float, 2> psf, double cell_x_rad, double cell_y_rad,
                                     double psfcutoff = 0.35);

/// max(|min PSF|, max(PSF - beam)), the beam being centred on pixel (ny/2, nx/2); imaging.md 2.8.
double sidelobe_level(View<const float, 2> psf, const GaussianBeam& beam, double cell_x_rad,
                      double cell_y_rad);

}  // namespace skymill::kernels
