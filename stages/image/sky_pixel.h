// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>

#include <array>
#include <optional>

namespace skymill::radio {

/// Where a direction falls in an image, pixels in x and y from 0, between pixels too: SIN
/// projection about the image's phase centre. Nothing on the other half of the sky.
/// @throws Error (input) when the frames differ and one of them is neither ICRS nor J2000
std::optional<std::array<double, 2>> sky_pixel(const ImageHeader& image,
                                               const Direction& direction);

}  // namespace skymill::radio
