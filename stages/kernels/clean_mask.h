// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <cstddef>

namespace skymill::kernels {

/// What a clean mask is made of; empty views are left out.
struct MaskParts {
  View<const float, 2> user;   ///< inside where > 0.5
  View<const float, 2> pb;     ///< the primary beam
  double pbmask = 0;           ///< inside where pb > pbmask; 0 or less: the pb does not count
  View<const float, 2> valid;  ///< the T/F mask: inside where > 0.5
};

/// mask = user AND pb > pbmask AND valid, as 0 and 1: the mask that cleaning starts from, before an
/// automatic one adds to it (imaging.md 1.5, 4.5). Returns the pixels inside: 0 of a mask that is
/// not automatic ends with stop code 7. All [y][x] of one shape (std::invalid_argument otherwise).
std::size_t make_clean_mask(const MaskParts& parts, View<float, 2> mask);

/// mask = 1 where pb > |pblimit|, else 0, and pb = 0 there: the T/F mask of `.pb`, which other
/// products share when pblimit >= 0 (imaging.md 2.10). mask may be empty. Returns the pixels
/// inside.
std::size_t apply_pblimit(View<float, 2> pb, double pblimit, View<float, 2> mask = {});

}  // namespace skymill::kernels
