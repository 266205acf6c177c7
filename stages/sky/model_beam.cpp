// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>
#include <stages/sky/dish_pointing.h>
#include <stages/sky/model_beam.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kArcminPerRad = 60 * 180 / std::numbers::pi;

DishBeam beam_of(const ObservationHeader& header) {
  if (auto beam = dish_beam(header)) return *std::move(beam);
  throw Error(ErrorKind::input,
              "primary_beam: dish needs the diameter of the antennas, but '" + header.source +
                  "' (telescope '" + header.telescope + "') does not give it",
              "write it into the antenna table, or set primary_beam: none");
}

}  // namespace

ModelBeam::ModelBeam(std::shared_ptr<const ObservationHeader> header,
                     std::optional<double> pointing_dec_rad)
    : header_(std::move(header)),
      beam_(beam_of(*header_)),
      dec_rad_(standing_declination(*header_, pointing_dec_rad)) {
  if (dec_rad_) site_ = array_position(*header_);
}

DirectionCosines ModelBeam::pointing(std::size_t field, double mjd_utc_s) {
  if (!dec_rad_) return {};
  if (moment_s_ != mjd_utc_s) {
    moment_s_ = mjd_utc_s;
    on_meridian_ =
        SkyFrame(mjd_utc_s, site_, Orientation{}, StalePolicy::nearest).icrs_of(0, *dec_rad_);
  }
  const Direction& centre = header_->fields.at(field).phase_dir;
  return direction_cosines(on_meridian_.ra_rad, on_meridian_.dec_rad, centre);
}

double ModelBeam::power(const DirectionCosines& place, const DirectionCosines& pointing,
                        double freq_hz) const {
  // The chord between the two on the unit sphere.
  const double chord =
      std::hypot(place.l - pointing.l, place.m - pointing.m, place.n_minus_1 - pointing.n_minus_1);
  const double angle_arcmin = 2 * std::asin(std::min(1.0, chord / 2)) * kArcminPerRad;
  return beam_.power(angle_arcmin * freq_hz / 1e9);
}

}  // namespace skymill::radio
