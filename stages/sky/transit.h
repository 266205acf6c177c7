// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/sky_frames.h>

#include <optional>

namespace skymill::radio {

/// When a source stands on the meridian, above the pole if it never sets, and how high.
struct Transit {
  double mjd_utc_s = 0;
  double apparent_dec_rad = 0;
  double elevation_rad = 0;  ///< without refraction
};

/// The transit nearest to a moment; nothing when the source never rises at the site. From the
/// apparent direction (aberration, precession, Earth orientation), so right to a millisecond of
/// what the table of Earth orientation is (dsa110.md 3.6).
/// @param frames of the site
/// @throws Error (input) as SkyFrames::at
std::optional<Transit> transit_near(double mjd_utc_s, const Direction& direction,
                                    const GeodeticPosition& site, const SkyFrames& frames);

}  // namespace skymill::radio
