// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <optional>

namespace skymill::radio {

/// Whether it is known where dishes point: by a parameter, by the header, or because they track the
/// phase centre. Those of a telescope that cannot track (DSA-110) do not when all its data are
/// phased to one place.
/// @param given_rad  value of the parameter pointing_dec
bool knows_pointing(const ObservationHeader& header, std::optional<double> given_rad);

/// Apparent declination at which dishes stand on the meridian, and the sky drifts through their
/// beam: as given, or that of the header; nothing when they track the phase centre.
/// @throws Error (input) when they do not track and nobody says where they stand
std::optional<double> standing_declination(const ObservationHeader& header,
                                           std::optional<double> given_rad);

}  // namespace skymill::radio
