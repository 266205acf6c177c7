// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/comparison.h>

namespace skymill::radio {

/// Compares CASA images and FITS cubes, also one with the other: shape, coordinates, unit, beams,
/// masks, pixels bit by bit, history without times (architecture.md 8, "Identical").
Comparison image_comparison();

}  // namespace skymill::radio
