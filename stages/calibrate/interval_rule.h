// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace skymill::radio {

/// Into which solution interval a row falls (calibration.md 5.2). A scan or a field that is not
/// combined with others has intervals of its own, counted from its first integration, and counted
/// anew after a gap that is longer than an interval.
class IntervalRule {
 public:
  /// @param length_s  infinity: all of a scan and field; 0: each integration
  IntervalRule(double length_s, bool combine_scans, bool combine_fields);

  /// Number of the row's interval. Numbers are given as intervals first appear.
  std::size_t number(double time_s, double integration_s, std::int32_t scan, std::int32_t field);

 private:
  /// A stretch without a gap.
  struct Stretch {
    double begin_s;                               ///< start of its first integration
    double end_s;                                 ///< end of its last
    std::map<std::int64_t, std::size_t> numbers;  ///< by interval counted from `begin_s`
  };

  Stretch& stretch_of(double time_s, double half_s, std::vector<Stretch>& group) const;

  double length_s_;
  bool combine_scans_;
  bool combine_fields_;
  std::size_t next_ = 0;
  std::map<std::pair<std::int32_t, std::int32_t>, std::vector<Stretch>> groups_;
};

}  // namespace skymill::radio
