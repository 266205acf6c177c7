// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/slow_terms.h>

#include <array>
#include <memory>
#include <vector>

namespace skymill::radio {

using Vector3 = std::array<double, 3>;

/// How u and v follow from the sky (calibration.md 6.3.4).
enum class UvwKind {
  derivative,  ///< change of the apparent direction with ICRS l and m: differential aberration is
               ///< in
  rigid,       ///< the same directions, but of length 1
};

/// Axes such that u = b.u and so on for an ITRF baseline b. In `derivative` u and v are not quite
/// of length 1, nor quite perpendicular.
struct UvwAxes {
  Vector3 u{}, v{}, w{};
};

/// ICRS for a direction labelled ICRS or J2000 (mean equator and equinox, FK5; 15-22 mas apart).
/// @throws Error (input) for any other frame
Direction icrs(const Direction& direction);

/// The direction at l, m of the SIN projection around a centre, in the centre's frame.
Direction offset_direction(const Direction& centre, double l, double m);

/// The sky as the array sees it at one moment: aberration (annual and diurnal), light deflection,
/// precession-nutation, Earth rotation and polar motion, no refraction (calibration.md 6.3.3).
/// Celestial pole offsets (below 0.3 mas) are left out. Immutable; about 0.15 ms to make alone, see
/// SkyFrames for many.
class SkyFrame {
 public:
  /// @throws Error (input) when leap seconds of that date are not known and `policy` is `refuse`
  SkyFrame(double mjd_utc_s, const GeodeticPosition& site, const Orientation& orientation,
           StalePolicy policy = StalePolicy::refuse);
  /// The same with slow terms at hand, in a few microseconds. @throws as the other
  SkyFrame(double mjd_utc_s, const GeodeticPosition& site, const Orientation& orientation,
           const SlowTerms& slow, StalePolicy policy = StalePolicy::refuse);
  SkyFrame(SkyFrame&&) noexcept;
  SkyFrame& operator=(SkyFrame&&) noexcept;
  ~SkyFrame();

  /// Apparent unit vector of a direction (ICRS or J2000) in ITRF axes, as baselines are.
  Vector3 apparent(const Direction& direction) const;
  /// The axes of u, v and w for a phase centre (ICRS or J2000).
  UvwAxes axes(const Direction& centre, UvwKind kind = UvwKind::derivative) const;

  /// ICRS direction of an apparent hour angle (west positive) and declination, both of the
  /// terrestrial frame: the meridian centre has hour angle 0.
  Direction icrs_of(double hour_angle_rad, double dec_rad) const;
  /// Velocity of the array against the barycentre of the solar system, ICRS axes, in units of c.
  Vector3 velocity_c() const;
  /// ICRS direction of the geodetic zenith.
  Direction icrs_of_zenith() const;

 private:
  struct Astrometry;
  std::unique_ptr<const Astrometry> astrometry_;
};

/// Unit vector in ITRF axes of an hour angle (west positive) and declination at a longitude.
Vector3 hour_angle_vector(double hour_angle_rad, double dec_rad, double longitude_rad);

/// Axes of a direction that is fixed to the Earth: u to the east, v to the north of it. With the
/// hour angle 0 the frame of meridian data; with the declination equal to the geodetic latitude
/// too, east, north and up.
UvwAxes earth_fixed_axes(double hour_angle_rad, double dec_rad, double longitude_rad);

/// uvw of every antenna relative to the array's position, metres, [antenna]; uvw of a baseline is
/// the difference, first antenna minus second.
std::vector<Vector3> antenna_uvw_m(const std::vector<Antenna>& antennas,
                                   const GeodeticPosition& site, const UvwAxes& axes);

}  // namespace skymill::radio
