// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace skymill::radio {

/// A point source of a sky model, simulated or known.
struct PointSource {
  std::string name;
  double l = 0;  ///< direction cosines from the phase centre, east and north
  double m = 0;
  double flux_jy = 0;         ///< at the reference frequency
  double spectral_index = 0;  ///< flux ∝ ν^index

  double n() const;
  double flux_jy_at(double freq_hz, double reference_hz) const;
};

/// Sources from lines `l m flux [index]`, such as `30arcsec -20arcsec 1.5Jy -0.7`.
/// @throws Error (description) naming the line that cannot be read
std::vector<PointSource> parse_sources(const std::vector<std::string>& lines);

}  // namespace skymill::radio
