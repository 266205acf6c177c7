// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/earth_orientation.h>

#include <array>

namespace skymill::radio {

/// A Julian date in two parts, whose sum would lose digits.
struct JulianDate {
  double day = 0;
  double fraction = 0;
};

/// Geocentric ITRF x, y, z of a place on the WGS84 ellipsoid, metres.
std::array<double, 3> geocentric_m(const GeodeticPosition& place);
/// The inverse. @throws Error (input) at the centre of the Earth
GeodeticPosition geodetic(const std::array<double, 3>& itrf_m);

/// Where the array is: the header's position, or the mean of its antennas' when it has none.
/// Antennas at the geocentre (unused rows) do not count.
/// @throws Error (input) when there are no antennas either
GeodeticPosition array_position(const ObservationHeader& header);

/// TAI-UTC, seconds.
/// @throws Error (input) when leap seconds of that date are not known (before 1960, or more than
///         five years after the ERFA release) and `policy` is `refuse`
double tai_minus_utc_s(double mjd_utc_s, StalePolicy policy = StalePolicy::refuse);

/// Whether `tai_minus_utc_s` has that date without guessing.
bool leap_seconds_known(double mjd_utc_s);

/// Terrestrial time, UT1, of MJD UTC seconds (days of 86400). @throws as tai_minus_utc_s
JulianDate julian_tt(double mjd_utc_s, StalePolicy policy = StalePolicy::refuse);
JulianDate julian_ut1(double mjd_utc_s, double ut1_utc_s);

/// Local apparent sidereal time, radians in [0, 2 pi): IAU 2006/2000A Greenwich apparent sidereal
/// time plus east longitude (polar motion's part in it, below 1 mas, left out).
double apparent_sidereal_rad(double mjd_utc_s, double longitude_rad, const Orientation& orientation,
                             StalePolicy policy = StalePolicy::refuse);

}  // namespace skymill::radio
