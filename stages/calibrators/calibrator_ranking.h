// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibrators/observed_moments.h>
#include <stages/geometry/sky_frames.h>
#include <stages/sky/calibrator_list.h>
#include <stages/sky/transit.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// How well an observation saw a calibrator.
struct RankedCalibrator {
  Calibrator calibrator;
  Transit transit;                ///< the one nearest to the middle of the observation
  double off_dec_rad = 0;         ///< of the source from the pointing at `nearest`
  double separation_rad = 0;      ///< from the pointing at `nearest`
  ObservedMoment nearest;         ///< the pointing was nearest to the source
  std::optional<double> flux_jy;  ///< in the middle of the band, if it is known there
  double beam = 1;                ///< power beam towards it at `nearest`; 1 when no beam is known

  double seen_jy() const { return flux_jy.value_or(0) * beam; }
};

struct RankingChoice {
  double radius_rad = 0;  ///< most that declinations may differ, or of fields that are
                          ///< tracked how far off a calibrator may be
  double min_flux_jy = 0;
  /// Apparent declination of dishes on the meridian; nothing takes what the data say, which track
  /// the phase centres of their fields unless they are meridian data.
  std::optional<double> pointing_dec_rad;
};

/// Calibrators within the range, the brightest in the beam first; those of equal rank
/// by how far their transit is from the observation (dsa110.md 3.6). Sources that never rise are
/// not among them.
/// @param frames of `site`, the array's position
/// @throws Error (input) when it is not known where the dishes point
std::vector<RankedCalibrator> rank_calibrators(const ObservedMoments& observed,
                                               const CalibratorList& list,
                                               const RankingChoice& choice,
                                               const GeodeticPosition& site,
                                               const SkyFrames& frames);

/// Middle of the outermost channels.
double band_middle_hz(const ObservationHeader& header);

}  // namespace skymill::radio
