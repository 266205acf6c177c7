// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/lane.h>
#include <stages/data/visibilities.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// The pixels of a model image that are not zero, as point sources.
struct ModelImage {
  /// Flux densities of one plane of the image.
  struct Plane {
    double low_hz = 0;  ///< it holds in [low, high)
    double high_hz = 0;
    std::vector<std::size_t> pixel;  ///< numbers into `directions`
    std::vector<float> flux_jy;
  };
  /// Where the pixels stand in the image.
  struct Grid {
    Direction centre;                   ///< the phase centre
    std::array<double, 2> reference{};  ///< pixel of the centre, from 0
    double cell_x_rad = 0, cell_y_rad = 0;
    std::vector<std::array<std::size_t, 2>> pixel;  ///< x and y, as `directions`
  };
  std::string path;
  std::vector<Direction> directions;  ///< in the frame of the image
  Grid grid;
  std::vector<Plane> planes;
  double total_jy = 0;  ///< of the first plane
};

/// Reads a model image, a CASA image or FITS. With one plane it holds at all frequencies; with
/// several each holds half a step around its own, as data bring them.
/// @throws Error (input) when it is not in Jy/pixel, has several Stokes planes, or is zero all over
ModelImage read_model_image(const std::string& path, Lanes& lanes);

}  // namespace skymill::radio
