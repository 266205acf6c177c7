// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/interval_rule.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

IntervalRule::IntervalRule(double length_s, bool combine_scans, bool combine_fields)
    : length_s_(length_s), combine_scans_(combine_scans), combine_fields_(combine_fields) {}

IntervalRule::Stretch& IntervalRule::stretch_of(double time_s, double half_s,
                                                std::vector<Stretch>& group) const {
  // Stretches are few and rows mostly belong to the last; windows may come one after the other.
  const double gap_s = std::max(length_s_, half_s);
  for (auto stretch = group.rbegin(); stretch != group.rend(); ++stretch) {
    const bool near =
        time_s - half_s <= stretch->end_s + gap_s && time_s + half_s >= stretch->begin_s - half_s;
    if (!near) continue;
    stretch->end_s = std::max(stretch->end_s, time_s + half_s);
    return *stretch;
  }
  group.push_back({time_s - half_s, time_s + half_s, {}});
  return group.back();
}

std::size_t IntervalRule::number(double time_s, double integration_s, std::int32_t scan,
                                 std::int32_t field) {
  auto& group = groups_[{combine_scans_ ? 0 : scan, combine_fields_ ? 0 : field}];
  const double half_s = std::max(0.0, integration_s) / 2;
  std::int64_t place = 0;
  Stretch* stretch = nullptr;
  if (std::isinf(length_s_)) {
    if (group.empty()) group.push_back({time_s, time_s, {}});
    stretch = &group.front();
  } else if (length_s_ == 0) {
    // Integrations by their own times: their length may not be the step between them.
    if (group.empty()) group.push_back({time_s, time_s, {}});
    stretch = &group.front();
    const double step_s = half_s > 0 ? half_s : 1e-3;
    place = std::llround((time_s - stretch->begin_s) / step_s);
    for (const std::int64_t near : {place - 1, place + 1}) {
      const auto found = stretch->numbers.find(near);
      if (found != stretch->numbers.end()) return found->second;
    }
  } else {
    stretch = &stretch_of(time_s, half_s, group);
    place = static_cast<std::int64_t>(std::floor((time_s - stretch->begin_s) / length_s_));
  }
  const auto [at, fresh] = stretch->numbers.try_emplace(place, next_);
  if (fresh) ++next_;
  return at->second;
}

}  // namespace skymill::radio
