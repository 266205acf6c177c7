// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/pixel_runs.h>

#include <array>
#include <cstddef>
#include <functional>
#include <vector>

namespace skymill::kernels {

/// Grows a mask into the pixels where `allowed(y, x)` holds, imaging.md 4.3 step 4: in every pass a
/// pixel that was set and is allowed sets its four neighbours, for `passes` passes or until nothing
/// changes. Returns the allowed pixels that are set at the end. shape is {ny, nx}. `allowed` is
/// asked once of every pixel of the seed and of those that the mask touches.
PixelRuns grow_mask(const PixelRuns& seed, const std::array<std::size_t, 2>& shape,
                    std::size_t passes,
                    const std::function<bool(std::size_t, std::size_t)>& allowed);

}  // namespace skymill::kernels
