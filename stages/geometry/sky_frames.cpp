// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frames.h>

namespace skymill::radio {

SkyFrame SkyFrames::at(double mjd_utc_s) const {
  const Orientation orientation = earth_.at(mjd_utc_s, policy_);
  return SkyFrame(mjd_utc_s, site_, orientation, slow_.at(julian_tt(mjd_utc_s, policy_)), policy_);
}

std::vector<Direction> meridian_centres(const std::vector<double>& mjd_utc_s,
                                        const GeodeticPosition& site, double dec_rad,
                                        const EarthOrientation& earth, StalePolicy policy) {
  const SkyFrames frames(site, earth, policy);
  std::vector<Direction> centres;
  centres.reserve(mjd_utc_s.size());
  for (const double time_s : mjd_utc_s) centres.push_back(frames.at(time_s).icrs_of(0, dec_rad));
  return centres;
}

std::vector<std::vector<Vector3>> antenna_uvw_m(const std::vector<Antenna>& antennas,
                                                const GeodeticPosition& site,
                                                const std::vector<double>& mjd_utc_s,
                                                const Direction& centre,
                                                const EarthOrientation& earth, UvwKind kind,
                                                StalePolicy policy) {
  const SkyFrames frames(site, earth, policy);
  std::vector<std::vector<Vector3>> all;
  all.reserve(mjd_utc_s.size());
  for (const double time_s : mjd_utc_s) {
    all.push_back(antenna_uvw_m(antennas, site, frames.at(time_s).axes(centre, kind)));
  }
  return all;
}

}  // namespace skymill::radio
