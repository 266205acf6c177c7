// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/formats/any_image.h>

#include <cstddef>
#include <string>

namespace skymill::radio {

/// Refuses an image whose pixels or planes are not those of the cube that is made: other size,
/// cells or centre (by a tenth of a pixel anywhere), Stokes parameter, or several planes that are
/// not the cube's (by half a channel). An image of one plane serves all planes.
/// @param role "mask", "startmodel": which parameter named it
/// @throws Error (input) that says what differs, with both values
void require_same_pixels(const AnyImage& given, const ImageHeader& cube, const std::string& role);

/// The plane of such an image that serves a plane of the cube.
inline std::size_t plane_for(const AnyImage& given, std::size_t plane) {
  return given.header().nchan == 1 ? 0 : plane;
}

}  // namespace skymill::radio
