// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/earth_orientation.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

/// Turns what feeds of antennas on alt-az mounts saw back to the sky (calibration.md 5.6). With
/// P = [[cos x, sin x], [-sin x, cos x]] of linear feeds, or diag(exp(-ix), exp(ix)) of circular
/// ones, an antenna sees P V; x is the parallactic angle, the direction of the zenith from north
/// through east as of the date.
class ParallacticAngle {
 public:
  /// @param eop  table of Earth orientation; empty looks in the usual places
  /// @throws Error (input) when data have not all four correlations of a feed's kind, when their
  ///         phase centres are not tracked, when a mount is not known, or without a table
  ParallacticAngle(const ObservationHeader& header, const std::string& eop);

  /// Turns rows that gains have corrected already. Linear feeds mix their correlations: one that is
  /// flagged flags all four. Many threads may turn chunks at once.
  void turn(Visibilities& rows) const;

  /// The angle of every antenna, radians.
  std::vector<double> angles(double time_s, const Direction& direction) const;

 private:
  std::vector<double> kept_angles(double time_s, std::int32_t field) const;

  std::vector<Antenna> antennas_;
  std::vector<Field> fields_;
  EarthOrientation orientation_;
  std::vector<bool> circular_;  ///< by data description
  mutable std::mutex mutex_;
  mutable std::map<std::pair<double, std::int32_t>, std::vector<double>> kept_;
};

}  // namespace skymill::radio
