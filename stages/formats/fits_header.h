// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include "fits_file.h"

#include <stages/data/image.h>

#include <string>

namespace skymill::radio {

/// Printable ASCII only, which is all that a FITS header may hold; others become '?'.
std::string fits_text(const std::string& text);

/// Writes every keyword of an image with the axes RA, DEC, FREQ, STOKES (imaging.md 5.3) and its
/// HISTORY into the current, new header.
/// @throws Error kind description when FITS cannot express it
void write_image_header(FitsFile& file, const ImageHeader& header, const ProductKind& kind);

}  // namespace skymill::radio
