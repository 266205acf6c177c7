// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/sky_frame.h>
#include <stages/geometry/slow_terms.h>

#include <array>
#include <optional>
#include <string>

namespace skymill::radio {

/// At rest with what a frequency is measured.
enum class FrequencyFrame {
  topo,  ///< the array
  geo,   ///< the centre of the Earth
  bary,  ///< the barycentre of the solar system
  lsrk,  ///< nearby stars: the Sun moves at 20 km/s towards 18h +30deg (B1900)
};

/// The frame of one of casacore's codes, such as `SpectralWindow::meas_freq_ref`; nothing for
/// frames that are not among ours.
std::optional<FrequencyFrame> frequency_frame(int casacore_code);
/// The frame of `TOPO`, `GEO`, `BARY` or `LSRK`.
/// @throws Error (description) for another name
FrequencyFrame frequency_frame(const std::string& name);

/// Frequencies of one direction from frame to frame (imaging.md 2.5).
///
/// Each step is the relativistic Doppler shift of the velocity along the line of sight, as in
/// casacore and astropy, with which velocities agree within 1 m/s. UT1 is taken as UTC: the Earth's
/// rotation is then wrong by 0.03 m/s at most, and no table of its orientation is needed.
class FrequencyFrames {
 public:
  /// @throws Error (input) when the direction is neither ICRS nor J2000
  FrequencyFrames(const GeodeticPosition& site, const Direction& direction);

  /// Frequency in `to` over that in `from`, at a moment; 1 for equal frames. May be called from
  /// many threads. @throws Error (input) when the date is none
  double ratio(FrequencyFrame from, FrequencyFrame to, double mjd_utc_s) const;

 private:
  double to_barycentre(FrequencyFrame from, double mjd_utc_s) const;

  GeodeticPosition site_;
  Vector3 towards_{};
  SlowTermNodes slow_;
};

}  // namespace skymill::radio
