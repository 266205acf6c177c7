// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <erfam.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/frequency_frames.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kLightSpeed = 299792458.0;  // m/s
/// 20 km/s towards 18h +30deg of B1900, in ICRS.
constexpr Vector3 kSunInLsrk{289.99706839, -17317.26478972, 10001.41199547};  // m/s

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// Frequency for who is at rest over that for who moves towards the source with `beta` of c.
double at_rest(double beta) { return std::sqrt((1 - beta) / (1 + beta)); }

}  // namespace

std::optional<FrequencyFrame> frequency_frame(int casacore_code) {
  switch (casacore_code) {
    case 1:
      return FrequencyFrame::lsrk;
    case 3:
      return FrequencyFrame::bary;
    case 4:
      return FrequencyFrame::geo;
    case 5:
      return FrequencyFrame::topo;
    default:
      return std::nullopt;
  }
}

FrequencyFrame frequency_frame(const std::string& name) {
  if (name == "TOPO") return FrequencyFrame::topo;
  if (name == "GEO") return FrequencyFrame::geo;
  if (name == "BARY") return FrequencyFrame::bary;
  if (name == "LSRK") return FrequencyFrame::lsrk;
  throw Error(ErrorKind::description, "'" + name + "' is no frame of frequencies",
              "use TOPO, GEO, BARY or LSRK");
}

FrequencyFrames::FrequencyFrames(const GeodeticPosition& site, const Direction& direction)
    : site_(site) {
  const Direction at = icrs(direction);
  towards_ = {std::cos(at.dec_rad) * std::cos(at.ra_rad),
              std::cos(at.dec_rad) * std::sin(at.ra_rad), std::sin(at.dec_rad)};
}

double FrequencyFrames::to_barycentre(FrequencyFrame from, double mjd_utc_s) const {
  if (from == FrequencyFrame::bary) return 1;
  if (from == FrequencyFrame::lsrk) return 1 / at_rest(dot(kSunInLsrk, towards_) / kLightSpeed);
  const SlowTerms slow = slow_.at(julian_tt(mjd_utc_s, StalePolicy::nearest));
  if (from == FrequencyFrame::geo) {
    return at_rest(dot(slow.velocity_au_d, towards_) * (ERFA_DAU / ERFA_DAYSEC) / kLightSpeed);
  }
  const SkyFrame sky(mjd_utc_s, site_, Orientation{}, slow, StalePolicy::nearest);
  return at_rest(dot(sky.velocity_c(), towards_));
}

double FrequencyFrames::ratio(FrequencyFrame from, FrequencyFrame to, double mjd_utc_s) const {
  if (from == to) return 1;
  return to_barycentre(from, mjd_utc_s) / to_barycentre(to, mjd_utc_s);
}

}  // namespace skymill::radio
