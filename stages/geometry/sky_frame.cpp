// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <erfa.h>
#include <erfam.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kStep = 1e-4;  // rad, for derivatives: rounding gives them errors of a few 1e-12

Vector3 scaled_difference(const Vector3& a, const Vector3& b, double scale) {
  return {(a[0] - b[0]) * scale, (a[1] - b[1]) * scale, (a[2] - b[2]) * scale};
}

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector3 unit(const Vector3& a) {
  const double scale = 1 / std::sqrt(dot(a, a));
  return {a[0] * scale, a[1] * scale, a[2] * scale};
}

}  // namespace

struct SkyFrame::Astrometry {
  eraASTROM astrom{};
  double longitude_rad = 0;
  double latitude_rad = 0;
};

Direction icrs(const Direction& direction) {
  if (direction.frame == "ICRS") return direction;
  if (direction.frame != "J2000") {
    throw Error(ErrorKind::input,
                "a direction in the frame '" + direction.frame + "' cannot be used here",
                "give it in ICRS or J2000");
  }
  double bias[3][3], precession[3][3], both[3][3], vector[3], turned[3];
  eraBp06(ERFA_DJ00, 0, bias, precession, both);
  eraS2c(direction.ra_rad, direction.dec_rad, vector);
  eraTrxp(bias, vector, turned);
  Direction result{0, 0, "ICRS"};
  eraC2s(turned, &result.ra_rad, &result.dec_rad);
  result.ra_rad = eraAnp(result.ra_rad);
  return result;
}

Direction offset_direction(const Direction& centre, double l, double m) {
  const double n = std::sqrt(1 - l * l - m * m);
  const double sin_d = std::sin(centre.dec_rad), cos_d = std::cos(centre.dec_rad);
  const double across = n * cos_d - m * sin_d;
  const double up = m * cos_d + n * sin_d;
  return {centre.ra_rad + std::atan2(l, across), std::atan2(up, std::hypot(l, across)),
          centre.frame};
}

SkyFrame::SkyFrame(double mjd_utc_s, const GeodeticPosition& site, const Orientation& orientation,
                   StalePolicy policy)
    : SkyFrame(mjd_utc_s, site, orientation, slow_terms(julian_tt(mjd_utc_s, policy)), policy) {}

SkyFrame::SkyFrame(double mjd_utc_s, const GeodeticPosition& site, const Orientation& orientation,
                   const SlowTerms& slow, StalePolicy policy) {
  const JulianDate tt = julian_tt(mjd_utc_s, policy);
  const JulianDate ut1 = julian_ut1(mjd_utc_s, orientation.ut1_utc_s);
  double earth[2][3], from_sun[3];
  for (std::size_t k = 0; k < 3; ++k) {
    earth[0][k] = slow.from_barycentre_au[k];
    earth[1][k] = slow.velocity_au_d[k];
    from_sun[k] = slow.from_sun_au[k];
  }
  const auto& [x, y, s] = slow.pole_rad;
  auto made = std::make_unique<Astrometry>();
  made->longitude_rad = site.longitude_rad;
  made->latitude_rad = site.latitude_rad;
  eraApco(tt.day, tt.fraction, earth, from_sun, x, y, s, eraEra00(ut1.day, ut1.fraction),
          site.longitude_rad, site.latitude_rad, site.height_m, orientation.pole_x_rad,
          orientation.pole_y_rad, eraSp00(tt.day, tt.fraction), 0, 0, &made->astrom);
  astrometry_ = std::move(made);
}

SkyFrame::SkyFrame(SkyFrame&&) noexcept = default;
SkyFrame& SkyFrame::operator=(SkyFrame&&) noexcept = default;
SkyFrame::~SkyFrame() = default;

Vector3 SkyFrame::apparent(const Direction& direction) const {
  const Direction from = icrs(direction);
  eraASTROM astrom = astrometry_->astrom;  // ERFA takes it without const
  double ri = 0, di = 0, azimuth = 0, zenith = 0, hour_angle = 0, dec = 0, ra = 0;
  eraAtciq(from.ra_rad, from.dec_rad, 0, 0, 0, 0, &astrom, &ri, &di);
  eraAtioq(ri, di, &astrom, &azimuth, &zenith, &hour_angle, &dec, &ra);
  return hour_angle_vector(hour_angle, dec, astrometry_->longitude_rad);
}

UvwAxes SkyFrame::axes(const Direction& centre, UvwKind kind) const {
  const Direction from = icrs(centre);
  UvwAxes axes;
  axes.w = apparent(from);
  axes.u = scaled_difference(apparent(offset_direction(from, kStep, 0)),
                             apparent(offset_direction(from, -kStep, 0)), 0.5 / kStep);
  axes.v = scaled_difference(apparent(offset_direction(from, 0, kStep)),
                             apparent(offset_direction(from, 0, -kStep)), 0.5 / kStep);
  if (kind == UvwKind::rigid) {
    axes.u = unit(axes.u);
    axes.v = unit(axes.v);
  }
  return axes;
}

Direction SkyFrame::icrs_of(double hour_angle_rad, double dec_rad) const {
  eraASTROM astrom = astrometry_->astrom;
  double ri = 0, di = 0;
  Direction result{0, 0, "ICRS"};
  eraAtoiq("H", hour_angle_rad, dec_rad, &astrom, &ri, &di);
  eraAticq(ri, di, &astrom, &result.ra_rad, &result.dec_rad);
  return result;
}

Vector3 SkyFrame::velocity_c() const {
  const auto& v = astrometry_->astrom.v;
  return {v[0], v[1], v[2]};
}

Direction SkyFrame::icrs_of_zenith() const { return icrs_of(0, astrometry_->latitude_rad); }

Vector3 hour_angle_vector(double hour_angle_rad, double dec_rad, double longitude_rad) {
  const double longitude = longitude_rad - hour_angle_rad;
  const double across = std::cos(dec_rad);
  return {across * std::cos(longitude), across * std::sin(longitude), std::sin(dec_rad)};
}

UvwAxes earth_fixed_axes(double hour_angle_rad, double dec_rad, double longitude_rad) {
  const double longitude = longitude_rad - hour_angle_rad;
  const double sin_l = std::sin(longitude), cos_l = std::cos(longitude);
  const double sin_d = std::sin(dec_rad), cos_d = std::cos(dec_rad);
  return {{-sin_l, cos_l, 0},
          {-sin_d * cos_l, -sin_d * sin_l, cos_d},
          {cos_d * cos_l, cos_d * sin_l, sin_d}};
}

std::vector<Vector3> antenna_uvw_m(const std::vector<Antenna>& antennas,
                                   const GeodeticPosition& site, const UvwAxes& axes) {
  // From the array and not from the geocentre: otherwise rounding of u, v grows to 0.1 mm.
  const Vector3 centre = geocentric_m(site);
  std::vector<Vector3> uvw;
  uvw.reserve(antennas.size());
  for (const Antenna& antenna : antennas) {
    const Vector3 at = scaled_difference(antenna.position_m, centre, 1);
    uvw.push_back({dot(at, axes.u), dot(at, axes.v), dot(at, axes.w)});
  }
  return uvw;
}

}  // namespace skymill::radio
