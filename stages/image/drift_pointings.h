// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/image/primary_beams.h>

#include <cstdint>
#include <map>
#include <vector>

namespace skymill::radio {

/// Where dishes that stand on the meridian have pointed to while the sky drifted by, weighted by
/// the good data of each moment (imaging.md 2.10). One weight serves all planes of a cube.
class DriftPointings {
 public:
  /// @param dec_rad apparent declination of the dishes
  /// @throws Error (input) when the array's place is not known
  DriftPointings(const ObservationHeader& header, double dec_rad);

  /// Counts a chunk: the weights of its good samples.
  void add(const Visibilities& chunk);

  /// In order of time, moments of 10 s as one; ICRS, right to 20 arcsec, because UT1 is taken as
  /// UTC. Nothing before good data came.
  std::vector<BeamPointing> pointings() const;

 private:
  struct Moment {
    double weight = 0;
    double weighted_s = 0;  ///< sum of weight times the distance from the moment's begin
  };
  GeodeticPosition site_;
  double dec_rad_;
  std::map<std::int64_t, Moment> moments_;
};

}  // namespace skymill::radio
