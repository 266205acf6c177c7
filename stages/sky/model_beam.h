// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/sky_frames.h>
#include <stages/sky/direction_cosines.h>
#include <stages/sky/dish_beam.h>

#include <memory>
#include <optional>

namespace skymill::radio {

/// How much of a source's power the dishes let through, at any moment (imaging.md 2.10): of dishes
/// that track the phase centre of a field, or that stand on the meridian.
class ModelBeam {
 public:
  /// @param pointing_dec_rad apparent declination of dishes on the meridian; nothing takes that of
  ///        the header, and the phase centre where they track it
  /// @throws Error (input) when the beam of the telescope, or where it points to, is not known
  ModelBeam(std::shared_ptr<const ObservationHeader> header,
            std::optional<double> pointing_dec_rad);

  const std::string& words() const { return beam_.words; }

  /// Where the dishes point to, from the phase centre of a field, at a moment. Right to 20 arcsec:
  /// UT1 is taken as UTC, which is nothing beside a beam.
  DirectionCosines pointing(std::size_t field, double mjd_utc_s);

  /// The power beam towards a place, both from the same phase centre.
  double power(const DirectionCosines& place, const DirectionCosines& pointing,
               double freq_hz) const;

 private:
  std::shared_ptr<const ObservationHeader> header_;
  DishBeam beam_;
  std::optional<double> dec_rad_;
  GeodeticPosition site_;
  double moment_s_ = 0;  ///< of `on_meridian_`
  Direction on_meridian_;
};

}  // namespace skymill::radio
