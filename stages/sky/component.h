// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/point_source.h>
#include <stages/sky/calibrator_list.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// An unpolarised source of a model: a point, or an elliptical Gaussian.
struct Component {
  std::string name;
  /// Where it is, in the frame of the data: what a list calls J2000 or ICRS is compared with the
  /// phase centre as it stands. Nothing takes l and m.
  std::optional<Direction> direction;
  double l = 0;  ///< direction cosines from the data's phase centre, east and north
  double m = 0;

  double flux_jy =
      0;  ///< at the reference frequency: S = flux (ν/ν0)^(index + curvature log10(ν/ν0))
  double spectral_index = 0;
  double curvature = 0;
  double reference_hz = 0;  ///< ν0; 0 takes the model's

  double major_rad = 0;  ///< full width at half maximum; 0 for a point
  double minor_rad = 0;
  double pa_rad = 0;  ///< of the major axis, north through east

  std::optional<Calibrator> calibrator;  ///< whose flux it has, in place of `flux_jy`

  bool gaussian() const { return major_rad > 0; }
  /// @param model_hz reference frequency of the model
  /// @throws Error (input) where the flux of a calibrator is not known
  double flux_jy_at(double freq_hz, double model_hz) const;
};

Component component_of(const PointSource& source);
/// A calibrator in its place, with the flux of the list.
Component component_of(const Calibrator& calibrator);

/// Reads a list of components, comma-separated lines with names of columns first: flux, and l and m
/// (east and north of the phase centre, as angles) or ra and dec; where they are known name,
/// spectral_index, curvature, reference_frequency, and for a Gaussian major, minor and pa.
/// @throws Error (input) naming file and line of what cannot be read; a missing flux is an error
std::vector<Component> read_components(const std::string& path);

}  // namespace skymill::radio
