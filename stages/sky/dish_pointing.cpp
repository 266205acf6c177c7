// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/sky/dish_pointing.h>
#include <stages/sky/telescope_name.h>

namespace skymill::radio {

bool knows_pointing(const ObservationHeader& header, std::optional<double> given_rad) {
  if (given_rad || header.pointing_dec_rad != 0) return true;
  if (header.phasing != Phasing::tracked) return header.phasing == Phasing::meridian;
  // Several fields are the centres of the integrations, each on the meridian when it was taken.
  return !is_dsa110(header.telescope) || header.fields.size() > 1;
}

std::optional<double> standing_declination(const ObservationHeader& header,
                                           std::optional<double> given_rad) {
  if (given_rad) return given_rad;
  if (header.pointing_dec_rad != 0 || header.phasing == Phasing::meridian) {
    return header.pointing_dec_rad;
  }
  if (knows_pointing(header, given_rad)) return std::nullopt;
  throw Error(ErrorKind::input,
              "the sky drifts through the beam of the dishes of '" + header.source +
                  "' (telescope '" + header.telescope +
                  "'), but the data do not say at which declination they stand",
              "give it as pointing_dec; a MeasurementSet that skymill makes of UVH5 has it in "
              "POINTING");
}

}  // namespace skymill::radio
