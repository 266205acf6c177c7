// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/image/control_group.h>
#include <stages/image/image_params.h>
#include <stages/image/imaging_weights.h>
#include <stages/image/plane_givens.h>
#include <stages/image/plane_gridder.h>
#include <stages/image/plane_pool.h>
#include <stages/image/step_clock.h>
#include <stages/kernels/clean_control.h>
#include <stages/kernels/samples.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace skymill::radio {

/// What cleaning a channel did, for the run record.
struct CleanSummary {
  std::size_t iterations = 0;
  std::size_t major_cycles = 0;                       ///< without the first residual
  kernels::StopCode stop = kernels::StopCode::kNone;  ///< kNone: no cleaning was asked for
  double start_peak_jy = 0;  ///< largest |residual| inside the mask before cleaning
  double peak_jy = 0;        ///< and after
  double rms_jy = 0;         ///< of the last residual, 1.4826 MAD
  double model_flux_jy = 0;
  double sumwt = 0;
  double sensitivity_jy = 0;    ///< theoretical; Jy when weights are Jy^-2
  std::size_t mask_pixels = 0;  ///< 0 without a mask
  StepClock clock;
};

/// The products of one channel. Model, image and mask are made by rows from what is held.
struct CleanedChannel {
  Plane psf;
  Plane residual;
  Plane model;
  Plane image;
  Plane mask;                    ///< 0 and 1
  std::optional<Beam> beam;      ///< of the PSF
  std::optional<Beam> restored;  ///< of the image
  bool own_residual = false;     ///< the image has the residual in the PSF's beam, not in its own
  bool blank = false;            ///< no usable data: the planes are zero
  CleanSummary summary;
};

/// What all channels of a cube share.
struct ChannelTools {
  const ImageParams& params;
  const std::array<double, 2>& cell_rad;  ///< pixel size in x (> 0, east is left) and y
  const ImagingWeights& weights;
  const PlaneGridder& gridder;
  PlanePool& planes;
};

/// Images one channel from its samples: weights, PSF and its beam, dirty image, cleaning in
/// cycles, restoration (imaging.md 2.2, 2.6, 2.8, 2.9, 3, 4), step by step as a control group asks
/// for them. Only the PSF and the residual are ever held whole.
///
/// With a beam that is given, the residual is convolved to it for the image, where the difference
/// is a pixel or more.
class ChannelCleaner {
 public:
  /// All arguments must outlive it.
  /// @param samples  natural weights of one hand; Stokes visibilities in Jy
  /// @param hands    hands that each sample stands for
  /// @param givens   masks, the model to start from and the beam to restore with
  /// @param check    called between cycles; throws to stop
  ChannelCleaner(const ChannelTools& tools, const kernels::PlaneSamples& samples, int hands,
                 const PlaneGivens& givens, const std::function<void()>& check);
  ~ChannelCleaner();
  ChannelCleaner(ChannelCleaner&&) noexcept;

  /// Weights, PSF and first residual. False without usable data: then only finish() is left.
  bool begin();

  // A member of a control group.
  double sidelobe_level() const;
  PlaneLook look(double cyclethreshold);
  std::size_t cycle(double depth, std::size_t iterations);
  void back_to_best();
  void stop(kernels::StopCode code);

  /// The products; nothing else may be asked for afterwards.
  CleanedChannel finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Bytes that a cleaner holds at most, its products included.
/// @param gridder_bytes of one call of the gridder
std::size_t clean_channel_bytes(const ImageParams& params, std::size_t samples,
                                std::size_t gridder_bytes);

/// Bytes that a cleaner holds at most while others of its control group are at work.
std::size_t held_channel_bytes(const ImageParams& params, std::size_t samples);

/// Bytes that the products of a channel hold at most.
std::size_t cleaned_channel_bytes(const ImageParams& params);

}  // namespace skymill::radio
