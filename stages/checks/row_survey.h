// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/ms/ms_inspection.h>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <unordered_map>
#include <vector>

namespace skymill::radio {

/// A number out of which the worst is kept, with the row where it was found.
struct Worst {
  double value = 0;
  std::uint64_t row = 0;
  void see(double candidate, std::uint64_t at) {
    // What is no number is the worst of all.
    if (value != value || candidate <= value) return;
    value = candidate;
    row = at;
  }
};

/// Sums over all rows of a MeasurementSet, from its light columns alone.
///
/// Lengths of uvw are compared with distances of antennas, and directions of uvw with what the
/// rotation of the Earth makes of these, in a model without precession, nutation and UT1: good to
/// half a degree, which tells a mirrored, rotated or wrongly timed set from a right one.
class RowSurvey {
 public:
  /// `header` may be null when the subtables cannot be read; then only times are looked at.
  explicit RowSurvey(const ObservationHeader* header) : header_(header) {}

  void add(const MsRowBlock& block);
  /// After the last block.
  void finish() { keep_run(); }

  /// Rows that follow each other with one data description and time.
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::int32_t data_desc_id = 0;
  };
  struct UvwOfAntenna {
    std::uint64_t rows = 0;
    std::uint64_t beyond = 0;  ///< rows whose length is not the distance of the antennas
  };
  struct FieldTimes {
    double first_s = std::numeric_limits<double>::infinity();
    double last_s = -std::numeric_limits<double>::infinity();
  };

  std::vector<Run> runs;  ///< when there are very many, evenly chosen ones of them
  std::map<std::int32_t, FieldTimes> fields;                 ///< by FIELD_ID of rows
  double first_s = std::numeric_limits<double>::infinity();  ///< start of the first integration
  double last_s = -std::numeric_limits<double>::infinity();
  double longest_interval_s = 0;
  Worst backwards_s;      ///< step back of TIME within a data description
  Worst overlap;          ///< of a baseline's integration with the one before, in intervals
  Worst gap;              ///< between such, in intervals
  Worst exposure_excess;  ///< (EXPOSURE - INTERVAL) / INTERVAL, also when INTERVAL is not positive
  Worst exposure_lack;    ///< |INTERVAL - EXPOSURE| / INTERVAL
  std::uint64_t outside = 0;  ///< rows with a number that no subtable has
  std::uint64_t first_outside = 0;
  std::int32_t last_observation = 0;

  std::uint64_t crosses = 0;
  std::uint64_t zero_uvw = 0;
  Worst length_ratio;  ///< |uvw| over the longest distance of antennas
  std::vector<UvwOfAntenna> of_antenna;
  double ratio_sum = 0;  ///< of |uvw| over the distance
  double ratio_sum2 = 0;
  std::uint64_t ratios = 0;
  double cosine_sum = 0;  ///< of the angle between uvw and what is expected of it
  std::uint64_t cosines = 0;

 private:
  void add_time(const MsRowBlock& block, std::size_t i);
  void keep_run();
  void add_uvw(const MsRowBlock& block, std::size_t i);
  void add_direction(const std::array<double, 3>& baseline_m, const double* uvw_m, double time_s,
                     std::size_t field);
  bool known(const MsRowBlock& block, std::size_t i) const;

  const ObservationHeader* header_;
  std::map<std::int32_t, double> last_time_s_;       ///< by data description
  std::unordered_map<std::uint64_t, double> end_s_;  ///< of the last integration, by baseline
  Run run_;                                          ///< that goes on
  std::uint64_t number_of_runs_ = 0;
  std::uint64_t run_stride_ = 1;
  double longest_m_ = -1;
  double axes_time_s_ = std::numeric_limits<double>::quiet_NaN();
  std::size_t axes_field_ = 0;
  std::array<double, 4> axes_{};  ///< sin and cos of hour angle and declination
};

}  // namespace skymill::radio
