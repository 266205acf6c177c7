// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>
#include <stages/data/visibilities.h>
#include <stages/gains/term_choice.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace skymill::radio {

/// Between which intervals of the solutions a moment lies.
struct Moment {
  std::size_t lower = 0;
  std::size_t upper = 0;
  double fraction = 0;  ///< of the way to `upper`; 0 = `lower` alone
};

/// How far solutions may be from the data that they correct.
struct SolutionLimits {
  std::optional<double> max_age_s;      ///< in time; nothing = any
  std::optional<double> dec_guard_rad;  ///< in declination; nothing = any
};

/// The intervals of a term that serve rows of the data, by their field.
class TimeSeries {
 public:
  /// @param cells  `Solutions::frequencies` of the window; an interval in which all of these are
  ///        flagged, but others are not, is of another window and not counted
  TimeSeries(const Solutions& solutions, const std::vector<std::size_t>& cells, TermChoice choice,
             SolutionLimits limits);

  /// Where a time of a field lies (nearest outside: nothing is extrapolated). A time within a
  /// millisecond of an interval's has that interval alone.
  /// @param header  of the data
  /// @throws Error (input) when the field has no solutions, or they are too far in time or
  ///         declination
  Moment at(double time_s, std::int32_t field, const ObservationHeader& header);

 private:
  const std::vector<std::size_t>& of_field(std::int32_t field, const ObservationHeader& header);
  bool serves(const SolutionInterval& interval, std::int32_t field,
              const ObservationHeader& header) const;
  void guard_declination(const std::vector<std::size_t>& intervals, std::int32_t field,
                         const ObservationHeader& header) const;
  void guard_age(const SolutionInterval& nearest, double time_s,
                 const ObservationHeader& header) const;

  const Solutions& solutions_;
  TermChoice choice_;
  SolutionLimits limits_;
  std::vector<std::size_t> intervals_;
  std::map<std::int32_t, std::vector<std::size_t>> by_field_;
};

}  // namespace skymill::radio
