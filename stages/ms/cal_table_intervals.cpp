// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/ms/cal_table_intervals.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace skymill::radio::wall {

namespace {

/// What rows of one solution share.
struct Solution {
  double time_s = 0;
  double length_s = 0;
  std::int32_t field_id = 0;
  std::int32_t scan_number = 0;
  std::int32_t observation_id = 0;
  std::size_t window = 0;

  auto order() const {
    return std::tie(time_s, length_s, field_id, scan_number, observation_id, window);
  }
  bool operator<(const Solution& other) const { return order() < other.order(); }
};

Solution solution_of(const CalTableRow& row) {
  return {row.time_s, row.length_s, row.field_id, row.scan_number, row.observation_id, row.window};
}

double least_step_s(const std::map<Solution, std::size_t>& solutions, std::size_t windows) {
  std::vector<double> last(windows, -std::numeric_limits<double>::max());
  double step_s = std::numeric_limits<double>::infinity();
  for (const auto& [solution, place] : solutions) {
    double& before_s = last[solution.window];
    if (solution.time_s > before_s) step_s = std::min(step_s, solution.time_s - before_s);
    before_s = solution.time_s;
  }
  return step_s;
}

/// An interval that may still take windows in.
struct Gathered {
  Solution first;
  double end_s = 0;
  double offset_s = 0;  ///< sum over solutions, from the first
  std::size_t count = 0;
  std::vector<bool> has_window;

  bool takes(const Solution& solution, double reach_s) const {
    return !has_window[solution.window] && solution.time_s - first.time_s < reach_s &&
           solution.length_s == first.length_s && solution.field_id == first.field_id &&
           solution.scan_number == first.scan_number &&
           solution.observation_id == first.observation_id;
  }
  void take(const Solution& solution) {
    has_window[solution.window] = true;
    end_s = solution.time_s;
    offset_s += solution.time_s - first.time_s;
    ++count;
  }
  SolutionInterval interval() const {
    SolutionInterval result;
    result.time_s = first.time_s + offset_s / static_cast<double>(count);
    result.begin_s = std::min(first.time_s, result.time_s - first.length_s / 2);
    result.end_s = std::max(end_s, result.time_s + first.length_s / 2);
    result.field_id = first.field_id;
    result.scan_number = first.scan_number;
    result.observation_id = first.observation_id;
    result.length_s = first.length_s;
    return result;
  }
};

/// The first of the last ones that are near enough, or a new one.
std::size_t place_of(const Solution& solution, double reach_s, std::size_t windows,
                     std::vector<Gathered>& all) {
  std::size_t found = all.size();
  for (std::size_t k = all.size(); k-- > 0 && solution.time_s - all[k].first.time_s < reach_s;) {
    if (all[k].takes(solution, reach_s)) found = k;
  }
  if (found == all.size()) {
    all.push_back({solution, solution.time_s, 0, 0, std::vector<bool>(windows, false)});
  }
  return found;
}

}  // namespace

CalTableIntervals cal_table_intervals(const std::vector<CalTableRow>& rows, std::size_t windows) {
  std::map<Solution, std::size_t> places;  // in order of time
  for (const CalTableRow& row : rows) places.emplace(solution_of(row), 0);
  const double reach_s = least_step_s(places, windows) / 2;
  std::vector<Gathered> all;
  for (auto& [solution, place] : places) {
    place = place_of(solution, reach_s, windows, all);
    all[place].take(solution);
  }
  // Means may stand in another order than the first times.
  std::vector<SolutionInterval> intervals;
  std::vector<std::size_t> order;
  for (const Gathered& gathered : all) {
    order.push_back(intervals.size());
    intervals.push_back(gathered.interval());
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return intervals[a].time_s < intervals[b].time_s;
  });
  CalTableIntervals result;
  std::vector<std::size_t> rank(order.size());
  for (const std::size_t k : order) {
    rank[k] = result.intervals.size();
    result.intervals.push_back(intervals[k]);
  }
  for (const CalTableRow& row : rows) {
    result.of_row.push_back(rank[places.at(solution_of(row))]);
  }
  return result;
}

}  // namespace skymill::radio::wall
