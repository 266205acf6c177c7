// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/hogbom.h>
#include <stages/kernels/masked_pixels.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/plane_convolver.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

struct MultiscaleOptions {
  float gain = 0.1F;
  float threshold = 0;             ///< Jy; stop when the strongest component is below it
  std::size_t max_iterations = 0;  ///< of this call; exactly this many at most
  double smallscalebias = 0;       ///< within [-1, 1]; above 0 favours small scales
};

struct MultiscaleResult {
  std::size_t iterations = 0;
  float start_peak = 0;                       ///< max|r| in the mask before
  float peak = 0;                             ///< max|r| in the mask after
  HogbomStop stop = HogbomStop::kIterations;  ///< kDiverged: a component 1.5 times the first one
  std::vector<std::size_t> components;        ///< of every scale
};

/// (1 - rho^2) S(rho) with rho = distance / scale and S the spheroidal function, of unit sum,
/// [y][x] with odd sides and the centre in the middle; one pixel for scale 0. scale in pixels.
std::vector<float> scale_kernel(double scale, std::size_t& side);

/// Multi-scale minor cycles on planes of one PSF, imaging.md 3.3: what depends on the PSF alone is
/// worked out once. Convolutions are padded, where tclean's wrap round.
class Multiscale {
 public:
  /// psf [y][x] with its centre at (ny/2, nx/2), kept by the caller; scales in pixels, none means
  /// {0}; they are sorted. Throws std::invalid_argument for negative scales or those that the
  /// plane cannot hold, and for a PSF whose peak is not positive.
  Multiscale(View<const float, 2> psf, std::vector<double> scales);

  /// Updates residual (everywhere) and model in place. Cleanable where mask > 0.5 for scale 0 and
  /// where the mask convolved with the scale is above 0.9 for others, and not within 1.5 scales
  /// and a pixel of the edges. Errors as of hogbom().
  MultiscaleResult clean(View<float, 2> residual, View<float, 2> model, View<const float, 2> mask,
                         const MultiscaleOptions& options);

  const std::vector<double>& scales() const { return scales_; }

 private:
  struct Scale {
    std::size_t side = 1;
    std::vector<float> kernel;
    PlaneConvolver::Spectrum spectrum;
    float peak = 0;  // of the PSF convolved twice with the scale
  };

  /// The strongest component there is.
  struct Choice {
    std::size_t scale = 0;
    PeakPixel peak;
    float strength = 0;
  };

  View<const float, 2> crossed(std::size_t i, std::size_t j) const;
  PixelRuns cleanable(std::size_t i, View<const float, 2> mask);

  std::vector<MaskedPixels> smoothed(View<const float, 2> residual, View<const float, 2> mask);
  Choice strongest(const std::vector<MaskedPixels>& smoothed, double bias) const;
  void find_components(std::vector<MaskedPixels>& smoothed, const MultiscaleOptions& options,
                       View<float, 2> found, MultiscaleResult& result) const;

  View<const float, 2> psf_;
  std::vector<double> scales_;
  PlaneConvolver convolver_;
  std::vector<Scale> parts_;
  std::vector<std::vector<float>> crossed_;  // PSF convolved with scales i and j <= i
};

}  // namespace skymill::kernels
