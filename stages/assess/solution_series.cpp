// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/assess/solution_series.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

/// Name of a hand in columns: x, y, r, l, or its number for what a table does not say.
std::string hand_name(int code, std::size_t number) {
  switch (code) {
    case 5:
      return "r";
    case 8:
      return "l";
    case 9:
      return "x";
    case 12:
      return "y";
    default:
      return std::to_string(number + 1);
  }
}

void add_gain(const Solutions& s, std::size_t interval, std::size_t frequency, std::size_t antenna,
              Row& row) {
  bool any = false;
  for (const bool phase : {false, true}) {
    for (std::size_t p = 0; p < s.pols.size(); ++p) {
      const std::size_t at = s.index(interval, frequency, p, antenna);
      if (s.flag[at] != 0) continue;
      any = true;
      const std::string hand = hand_name(s.pols[p], p);
      if (phase) {
        row.emplace_back("phase_" + hand + "_deg", std::arg(s.gain[at]) / kDegree);
      } else {
        row.emplace_back("amplitude_" + hand, static_cast<double>(std::abs(s.gain[at])));
      }
    }
  }
  if (!any) row.clear();
}

SolutionSeries delays_of(const Solutions& s) {
  SolutionSeries series{"delays", {}};
  const std::size_t interval = s.intervals.size() / 2, frequency = s.frequencies.size() / 2;
  for (std::size_t antenna = 0; antenna < s.antennas.size(); ++antenna) {
    if (s.is_absent(antenna)) continue;
    Row row{{"antenna", static_cast<std::int64_t>(antenna)}, {"name", s.antennas[antenna]}};
    for (std::size_t p = 0; p < s.pols.size(); ++p) {
      const std::size_t at = s.index(interval, frequency, p, antenna);
      if (s.flag[at] != 0) continue;
      row.emplace_back("delay_" + hand_name(s.pols[p], p) + "_ns",
                       static_cast<double>(s.delay_ns[at]));
    }
    series.rows.push_back(std::move(row));
  }
  return series;
}

}  // namespace

SolutionSeries series_of(const Solutions& solutions, std::size_t most) {
  if (solutions.term == JonesTerm::K) return delays_of(solutions);
  const bool in_time = solutions.term != JonesTerm::B;
  SolutionSeries series{in_time ? "gains" : "bandpass", {}};
  const std::size_t length = in_time ? solutions.intervals.size() : solutions.frequencies.size();
  const std::size_t step = (length + most - 1) / std::max<std::size_t>(1, most);
  for (std::size_t k = 0; k < length; k += std::max<std::size_t>(1, step)) {
    const std::size_t interval = in_time ? k : solutions.intervals.size() / 2;
    const std::size_t frequency = in_time ? solutions.frequencies.size() / 2 : k;
    for (std::size_t antenna = 0; antenna < solutions.antennas.size(); ++antenna) {
      Row row;
      if (in_time) {
        row.emplace_back("time_s", solutions.intervals[k].time_s - solutions.intervals[0].begin_s);
      } else {
        row.emplace_back("freq_hz", solutions.frequencies[k].freq_hz);
      }
      row.emplace_back("series", solutions.antennas[antenna]);
      add_gain(solutions, interval, frequency, antenna, row);
      if (!row.empty()) series.rows.push_back(std::move(row));
    }
  }
  return series;
}

}  // namespace skymill::radio
