// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/hogbom.h>
#include <stages/kernels/view.h>

#include <cstddef>

namespace skymill::kernels {

struct ClarkOptions {
  float gain = 0.1F;
  float threshold = 0;             ///< Jy/beam; stop when max|r| in the mask is below it
  std::size_t max_iterations = 0;  ///< of this call
  double beam_major_pixels = 0;    ///< of the fitted beam; they set the size of the PSF's patch
  double beam_minor_pixels = 0;
};

struct ClarkResult {
  std::size_t iterations = 0;
  std::size_t passes = 0;  ///< subtractions of the whole PSF
  float start_peak = 0;    ///< max|r| in the mask before
  float peak = 0;          ///< max|r| in the mask after
  HogbomStop stop = HogbomStop::kIterations;
};

/// Clark's minor cycle on one plane, imaging.md 3.2: components among the brightest pixels with a
/// patch of the PSF alone, then the whole PSF at once, up to ten times. It ends with
/// kIterations when the limits of a call are used up. A pass that raises the peak is undone and the
/// next one is careful; when that happens again it ends, with kDiverged if no pass was any good.
///
/// Like hogbom() in planes, errors, and the PSF's extent; the residual is updated inside the mask
/// only. tclean's speed-up factor stays 1 (its default). Where more than 32768 pixels are bright
/// enough the brightest are taken, exactly and not by a histogram.
ClarkResult clark(View<float, 2> residual, View<const float, 2> psf, View<float, 2> model,
                  View<const float, 2> mask, const ClarkOptions& options);

}  // namespace skymill::kernels
