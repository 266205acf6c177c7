// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibration_store/stored_set.h>

#include <map>
#include <string>
#include <vector>

namespace skymill::radio {

/// What data need of a calibration.
struct Wanted {
  std::string source;  ///< the MeasurementSet, for messages
  std::string telescope;
  UvwSense uvw_sense = UvwSense::unknown;
  double first_s = 0;  ///< MJD UTC seconds, first and last integration
  double last_s = 0;
  double dec_low_rad = 0;  ///< of its fields
  double dec_high_rad = 0;
  std::vector<std::string> antennas;
  std::vector<WindowSpan> windows;
};

/// @throws Error (input) when the data have no field or no time
Wanted wanted_by(const ObservationHeader& header);

/// How far a set may be from the data.
struct ChoiceLimits {
  std::map<JonesTerm, double> max_age_s;  ///< between data and the nearest solution of a type
  double declination_guard_rad = 0;
  bool accept_warn = true;  ///< take sets of the verdict "warn" as well
  std::string terms;        ///< that a set must have, such as "KBG"
};

/// Why a set cannot be used for these data, all reasons in one line; empty when it can.
std::string refusal(const StoredSet& set, const Wanted& wanted, const ChoiceLimits& limits);

/// What is left to doubt of the sign of a set's phases where only one side tells the sense of its
/// uvw, as those of CASA do not; empty where both do or neither. Such a set can be used.
std::string sense_doubt(const StoredSet& set, const Wanted& wanted);

/// Seconds between the data and the solutions of a set, before or after; 0 when they overlap.
double distance_s(const StoredSet& set, const Wanted& wanted);

/// Whether its window of validity covers all of the data.
bool is_valid(const StoredSet& set, const Wanted& wanted);

/// The one set to use: of those that can be used the newest whose validity covers the data, else
/// the nearest in time on either side, of equally near ones the newest.
/// @param sets  the newest first
/// @throws Error (input) when none can be used; it names each with the reason
const StoredSet& choose_set(const std::vector<StoredSet>& sets, const Wanted& wanted,
                            const ChoiceLimits& limits, const std::string& store);

}  // namespace skymill::radio
