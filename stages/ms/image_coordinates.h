// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/coordinates/Coordinates/CoordinateSystem.h>
#include <stages/data/image.h>

#include <array>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Axes RA, Dec, Stokes, frequency and the observation's description without the telescope's name;
/// the caller holds TablesLock.
/// Throws Error(input) when the header is not complete or names an unknown frame.
casacore::CoordinateSystem coordinates_of(const ImageHeader& header);

/// What the coordinates of an image mean.
struct ImageAxes {
  ImageHeader header;
  std::array<double, 2> reference_pixel{};
  std::string projection;
  std::vector<std::string> stokes;
  int stokes_axis = -1;    ///< pixel axis, -1 when there is none
  int spectral_axis = -1;  ///< pixel axis, -1 when there is none
};

/// The reverse; `path` only names the image in errors. The caller holds TablesLock.
ImageAxes axes_of(const casacore::CoordinateSystem& coordinates, const casacore::IPosition& shape,
                  const std::string& path);

}  // namespace skymill::radio::wall
