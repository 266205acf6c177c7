// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/beam_fit.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// Names and defaults are tclean's.
struct AutoMultithreshOptions {
  double sidelobethreshold = 3.0;
  double noisethreshold = 5.0;
  double lownoisethreshold = 1.5;
  double negativethreshold = 0.0;
  double smoothfactor = 1.0;
  double minbeamfrac = 0.3;
  double cutthreshold = 0.01;
  std::size_t growiterations = 75;
  bool dogrowprune = true;
  double minpercentchange = -1;
  bool fastnoise = true;
};

/// What a plane looks like when its mask is made anew; the residual [y][x] has unit stride in x.
struct AutoMultithreshPlane {
  View<const float, 2> residual;
  const PixelRuns* valid = nullptr;  ///< not masked and pb > pblimit; null: everywhere
  const PixelRuns* pb = nullptr;     ///< where pb > pbmask; null: everywhere
  double sidelobe_level = 0;         ///< of all planes that share control
  GaussianBeam beam;                 ///< of the plane; the common beam when there are several
  double cell_x_rad = 0;             ///< < 0
  double cell_y_rad = 0;
  std::size_t iterations_done = 0;  ///< of all minor cycles so far
  double cyclethreshold = 0;        ///< Jy/beam
  double threshold = 0;             ///< Jy/beam
};

struct AutoMultithreshReport {
  double absmax = 0;  ///< largest |residual| inside the masks
  double median = 0;
  double rms = 0;  ///< 1.4826 MAD
  double mask_threshold = 0;
  double low_threshold = 0;
  double negative_threshold = 0;
  bool by_sidelobe = false;  ///< the sidelobes set the threshold, not the noise
  std::size_t pixels = 0;    ///< of the new mask
  bool skipped = false;      ///< nothing was done: an earlier call said that it need not be
};

/// tclean's automatic mask of one plane, imaging.md 4: one call a cycle, before the minor cycle.
/// `mask` is the total mask of the cycle before, empty at first, and becomes the new one; it never
/// shrinks but by valid and pb.
///
/// Chosen where imaging.md leaves it open: a pixel that is not valid counts as below any threshold;
/// with fastnoise off absmax is still over all pixels; the mask outside of which noise is measured
/// covers everything when no pixel with pb > pbmask is outside it; Chauvenet's limit for n pixels
/// is where erfc(z/sqrt 2) = 1/(2n), about the mean, with the standard deviation of n - 1.
class AutoMultithresh {
 public:
  /// Throws std::invalid_argument for negative or senseless options.
  explicit AutoMultithresh(const AutoMultithreshOptions& options);

  /// Throws std::invalid_argument for a mask that leaves the plane, bad cells or a beam without
  /// width.
  AutoMultithreshReport update(const AutoMultithreshPlane& plane, PixelRuns& mask);

  /// True once a call has found that later ones will not change the mask (imaging.md 4.4).
  bool skips() const { return skip_; }

 private:
  AutoMultithreshOptions options_;
  bool skip_ = false;
};

}  // namespace skymill::kernels
