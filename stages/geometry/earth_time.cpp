// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <erfa.h>
#include <erfam.h>
#include <stages/geometry/earth_time.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kMjdZero = 2400000.5;  // JD of MJD 0
constexpr double kDay = 86400;          // s

/// Seconds of TAI-UTC at a date, and whether ERFA vouches for it.
struct LeapSeconds {
  double tai_minus_utc_s = 0;
  bool dubious = false;
};

LeapSeconds erfa_leap_seconds(double mjd_utc) {
  int year = 0, month = 0, day = 0;
  double fraction = 0, seconds = 0;
  if (eraJd2cal(kMjdZero, mjd_utc, &year, &month, &day, &fraction) != 0) return {0, true};
  const int status = eraDat(year, month, day, fraction, &seconds);
  return {seconds, status != 0};
}

LeapSeconds leap_seconds(double mjd_utc) {
  // ERFA fills its table of leap seconds in the first call, which no other may accompany.
  static const LeapSeconds first = erfa_leap_seconds(51544);
  return mjd_utc == 51544 ? first : erfa_leap_seconds(mjd_utc);
}

}  // namespace

std::array<double, 3> geocentric_m(const GeodeticPosition& place) {
  std::array<double, 3> itrf{};
  if (eraGd2gc(ERFA_WGS84, place.longitude_rad, place.latitude_rad, place.height_m, itrf.data()) !=
      0) {
    throw Error(ErrorKind::input, "latitude " + exact_number(place.latitude_rad) +
                                      " rad and height " + exact_number(place.height_m) +
                                      " m are no place on Earth");
  }
  return itrf;
}

GeodeticPosition geodetic(const std::array<double, 3>& itrf_m) {
  if (!(std::hypot(itrf_m[0], itrf_m[1], itrf_m[2]) > 1)) {
    throw Error(ErrorKind::input, "a position at the centre of the Earth has no latitude",
                "positions are geocentric ITRF metres");
  }
  GeodeticPosition place;
  std::array<double, 3> copy = itrf_m;
  eraGc2gd(ERFA_WGS84, copy.data(), &place.longitude_rad, &place.latitude_rad, &place.height_m);
  return place;
}

GeodeticPosition array_position(const ObservationHeader& header) {
  const GeodeticPosition& given = header.position;
  if (given.longitude_rad != 0 || given.latitude_rad != 0 || given.height_m != 0) return given;
  std::array<double, 3> sum{};
  std::size_t count = 0;
  for (const Antenna& antenna : header.antennas) {
    const auto& at = antenna.position_m;
    if (at[0] == 0 && at[1] == 0 && at[2] == 0) continue;
    for (std::size_t k = 0; k < 3; ++k) sum[k] += at[k];
    ++count;
  }
  if (count == 0) {
    throw Error(
        ErrorKind::input,
        "'" + header.source + "' has no antenna positions, so there is no place to look from");
  }
  for (double& value : sum) value /= static_cast<double>(count);
  return geodetic(sum);
}

bool leap_seconds_known(double mjd_utc_s) { return !leap_seconds(mjd_utc_s / kDay).dubious; }

double tai_minus_utc_s(double mjd_utc_s, StalePolicy policy) {
  const double mjd = mjd_utc_s / kDay;
  const LeapSeconds leap = leap_seconds(mjd);
  if (leap.dubious && policy == StalePolicy::refuse) {
    throw Error(ErrorKind::input,
                "leap seconds of " + date_text(mjd) + " (MJD " + exact_number(mjd) +
                    ") are not known to this build",
                "check the time stamps; else update ERFA, or set allow_stale_eop");
  }
  return leap.tai_minus_utc_s;
}

JulianDate julian_tt(double mjd_utc_s, StalePolicy policy) {
  const double day = std::floor(mjd_utc_s / kDay);
  const double offset = tai_minus_utc_s(mjd_utc_s, policy) + ERFA_TTMTAI;
  return {kMjdZero + day, (mjd_utc_s - day * kDay + offset) / kDay};
}

JulianDate julian_ut1(double mjd_utc_s, double ut1_utc_s) {
  const double day = std::floor(mjd_utc_s / kDay);
  return {kMjdZero + day, (mjd_utc_s - day * kDay + ut1_utc_s) / kDay};
}

double apparent_sidereal_rad(double mjd_utc_s, double longitude_rad, const Orientation& orientation,
                             StalePolicy policy) {
  const JulianDate ut1 = julian_ut1(mjd_utc_s, orientation.ut1_utc_s);
  const JulianDate tt = julian_tt(mjd_utc_s, policy);
  return eraAnp(eraGst06a(ut1.day, ut1.fraction, tt.day, tt.fraction) + longitude_rad);
}

std::string date_text(double mjd) {
  int year = 0, month = 0, day = 0;
  double fraction = 0;
  if (eraJd2cal(kMjdZero, mjd, &year, &month, &day, &fraction) != 0) {
    return "MJD " + exact_number(mjd);
  }
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::to_string(year) + "-" + two(month) + "-" + two(day);
}

}  // namespace skymill::radio
