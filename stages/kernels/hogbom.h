// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

struct HogbomOptions {
  float gain = 0.1F;
  float threshold = 0;             ///< Jy/beam; stop when max|r| in the mask is below it
  std::size_t max_iterations = 0;  ///< of this call; exactly this many at most
  bool record_components = false;
  float growth_limit = 0;  ///< diverged when max|r| exceeds this many times its start; 0 = never
  /// The residual outside the mask need not be updated, as when a major cycle follows. With a mask
  /// of few pixels that is much faster; components and residual inside the mask stay the same bits.
  bool in_mask_only = false;
  /// The residual is not wanted afterwards at all, as when a major cycle makes it anew. Components
  /// stay the same bits, and subtractions wait until they are needed (LazyPlane).
  bool discard_residual = false;
};

enum class HogbomStop {
  kIterations,  ///< max_iterations done
  kThreshold,   ///< peak below the threshold, or zero (also when no pixel is a number)
  kEmptyMask,   ///< no cleanable pixel
  kDiverged,    ///< the peak became infinite or passed the growth limit
};

struct CleanComponent {
  std::size_t x = 0;
  std::size_t y = 0;
  float flux = 0;  ///< gain * residual, Jy
};

struct HogbomResult {
  std::size_t iterations = 0;
  float start_peak = 0;  ///< max|r| in the mask before
  /// max|r| in the mask after; with discard_residual only known to be below a threshold reached
  float peak = 0;
  HogbomStop stop = HogbomStop::kIterations;
  std::vector<CleanComponent> components;  ///< in order, when asked for
};

/// Högbom's minor cycle on one plane, imaging.md 3.1 (not the off-by-one): single precision,
/// first of the largest |r| with x fastest, PSF of the image's shape centred at (ny/2, nx/2),
/// subtraction inside [p - n/2, p + n/2 - 1] clipped to the image. Updates residual and model in
/// place. Cleanable where mask > 0.5; an empty mask view means everywhere. All views [y][x] of
/// one shape with unit stride in x (std::invalid_argument otherwise).
HogbomResult hogbom(View<float, 2> residual, View<const float, 2> psf, View<float, 2> model,
                    View<const float, 2> mask, const HogbomOptions& options);

/// The same inside a sparse mask, with the components as the only model; of the residual only the
/// pixels in the mask are updated. The same bits as on planes.
HogbomResult hogbom(View<float, 2> residual, View<const float, 2> psf, const PixelRuns& mask,
                    const HogbomOptions& options);

}  // namespace skymill::kernels
