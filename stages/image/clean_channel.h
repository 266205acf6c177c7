// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/image/image_params.h>
#include <stages/image/imaging_weights.h>
#include <stages/kernels/clean_control.h>
#include <stages/kernels/samples.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

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
  double sensitivity_jy = 0;  ///< theoretical; Jy when weights are Jy^-2
};

/// The products of one channel, [y][x].
struct CleanedChannel {
  std::vector<float> psf;
  std::vector<float> residual;
  std::vector<float> model;
  std::vector<float> image;
  std::vector<float> mask;  ///< 0 and 1; empty without a mask
  std::optional<Beam> beam;
  bool blank = false;  ///< no usable data
  CleanSummary summary;
};

/// Images one channel from its samples: weights, PSF and its beam, dirty image, cleaning in
/// cycles, restoration (imaging.md 2.2, 2.6, 2.8, 2.9, 3, 4; control by this channel alone).
///
/// @param samples  natural weights of one hand; Stokes visibilities in Jy
/// @param hands    hands that each sample stands for
/// @param cell_rad pixel size in x (> 0, east is left) and y
/// @param check    called between cycles; throws to stop
CleanedChannel clean_channel(const kernels::PlaneSamples& samples, int hands,
                             const ImagingWeights& imaging_weights, const ImageParams& params,
                             const std::array<double, 2>& cell_rad,
                             const std::function<void()>& check);

/// Bytes that `clean_channel` holds at most, its products included.
std::size_t clean_channel_bytes(const ImageParams& params, std::size_t samples);

}  // namespace skymill::radio
