// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// How good one antenna's solutions are; figures that a term does not have, or that too few
/// solutions are left for, are absent.
struct AntennaQuality {
  std::size_t solutions = 0;
  std::size_t flagged = 0;
  std::optional<double> snr;              ///< median
  std::optional<double> amplitude;        ///< median
  std::optional<double> amplitude_mad;    ///< 1.4826 × median deviation, over the median
  std::optional<double> amplitude_range;  ///< largest over smallest
  /// Root mean square of phases about straight lines in time, or in frequency when there are more
  /// channels than intervals; degrees.
  std::optional<double> phase_scatter_deg;
  std::optional<double> delay_ns;  ///< median

  double flagged_fraction() const {
    return solutions > 0 ? static_cast<double>(flagged) / static_cast<double>(solutions) : 0;
  }
};

/// How good one term of a calibration is (calibration.md 5.10). Absent as in `AntennaQuality`.
struct TermQuality {
  std::size_t solutions = 0;
  double flagged = 0;                     ///< fraction
  std::vector<double> flagged_by_window;  ///< in the order of `windows`
  std::vector<int> windows;               ///< data descriptions
  std::vector<double> flagged_by_pol;
  /// Without those that the solved data have no row of; these count nowhere.
  std::size_t present_antennas = 0;
  std::size_t good_antennas = 0;  ///< with at least one solution
  std::optional<double> snr_median, snr_p05;
  std::optional<double> amplitude_median;  ///< of all solutions
  /// Smallest and largest median of an antenna, over the median of all.
  std::optional<double> amplitude_low, amplitude_high;
  /// Standard deviations across antennas, of amplitudes (over their median) and phases (circular);
  /// root mean squares over cells.
  std::optional<double> amplitude_scatter, phase_spread_deg;
  std::optional<double> phase_scatter_deg;  ///< median of the antennas'
  std::optional<double> delay_range_ns;     ///< largest less smallest
  std::size_t refant = 0;                   ///< the usual one; of no meaning without good antennas
  /// Largest away from 0 where it is the reference; of K at the edge of the band.
  double refant_phase_deg = 0;
  std::optional<double> xy_ratio;  ///< median of the first hand's amplitudes over the second's
  std::optional<double>
      smoothness;  ///< rms of second differences over channels, over √6 and median
  std::vector<AntennaQuality> antennas;
};

TermQuality quality_of(const Solutions& solutions);

/// What a fraction of flagged solutions says of a reference antenna: excellent, good, acceptable,
/// poor or bad (dsa110.md 3.4).
std::string health_of(double flagged_fraction);

}  // namespace skymill::radio
