// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/sky_frame.h>
#include <stages/geometry/slow_terms.h>

#include <vector>

namespace skymill::radio {

/// The sky's frames of one array at many moments (calibration.md 6.3.3).
///
/// Precession, nutation and the Earth's motion are computed in full twice an hour and interpolated;
/// the Earth's rotation, polar motion and diurnal aberration are those of each moment. Directions
/// are within 10 micro-arcsec of those of a frame made alone, of which 24 take ten times as long.
/// A moment's frame does not depend on the other moments that are asked for.
class SkyFrames {
 public:
  /// @param earth must outlive this
  SkyFrames(const GeodeticPosition& site, const EarthOrientation& earth,
            StalePolicy policy = StalePolicy::refuse)
      : site_(site), earth_(earth), policy_(policy) {}

  /// May be called from many threads.
  /// @throws Error (input) when the table or the leap seconds lack the date and the policy is
  ///         `refuse`
  SkyFrame at(double mjd_utc_s) const;

 private:
  GeodeticPosition site_;
  const EarthOrientation& earth_;
  StalePolicy policy_;
  SlowTermNodes slow_;
};

/// ICRS directions that stand at hour angle 0 and an apparent declination, one for each moment:
/// where data fringe-stopped to the meridian are phased to (dsa110.md 2.4).
/// @throws Error (input) when the table or the leap seconds lack a date and `policy` is `refuse`
std::vector<Direction> meridian_centres(const std::vector<double>& mjd_utc_s,
                                        const GeodeticPosition& site, double dec_rad,
                                        const EarthOrientation& earth,
                                        StalePolicy policy = StalePolicy::refuse);

/// uvw of every antenna at many moments as `antenna_uvw_m` of one, metres, [time][antenna].
/// @throws as meridian_centres
std::vector<std::vector<Vector3>> antenna_uvw_m(
    const std::vector<Antenna>& antennas, const GeodeticPosition& site,
    const std::vector<double>& mjd_utc_s, const Direction& centre, const EarthOrientation& earth,
    UvwKind kind = UvwKind::derivative, StalePolicy policy = StalePolicy::refuse);

}  // namespace skymill::radio
