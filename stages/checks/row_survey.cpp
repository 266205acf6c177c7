// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/checks/row_survey.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::size_t kMostRuns = std::size_t{1} << 15;

double distance_m(const Antenna& a, const Antenna& b) {
  return std::hypot(a.position_m[0] - b.position_m[0], a.position_m[1] - b.position_m[1],
                    a.position_m[2] - b.position_m[2]);
}

/// Earth rotation angle (IERS Conventions 2010, 5.15), UT1 taken to be UTC.
double earth_rotation_rad(double mjd_s) {
  const double days = mjd_s / 86400 - 51544.5;
  return 2 * kPi * (0.7790572732640 + 0.00273781191135448 * days + std::fmod(days, 1.0));
}

bool within(std::int32_t number, std::size_t count) {
  return number >= 0 && static_cast<std::size_t>(number) < count;
}

}  // namespace

bool RowSurvey::known(const MsRowBlock& block, std::size_t i) const {
  const auto fits = [&](const std::vector<std::int32_t>& column, std::size_t count) {
    return column.empty() || within(column[i], count);
  };
  return fits(block.antenna1, header_->antennas.size()) &&
         fits(block.antenna2, header_->antennas.size()) &&
         fits(block.field_id, header_->fields.size()) &&
         fits(block.data_desc_id, header_->data_descriptions.size());
}

void RowSurvey::add(const MsRowBlock& block) {
  if (header_ != nullptr && of_antenna.empty()) of_antenna.resize(header_->antennas.size());
  for (std::size_t i = 0; i < block.count; ++i) {
    const std::uint64_t row = block.first + i;
    if (!block.time_s.empty()) add_time(block, i);
    if (!block.observation_id.empty()) {
      last_observation = std::max(last_observation, block.observation_id[i]);
      if (block.observation_id[i] < 0) last_observation = std::numeric_limits<std::int32_t>::max();
    }
    if (header_ == nullptr) continue;
    if (!known(block, i)) {
      if (outside++ == 0) first_outside = row;
      continue;
    }
    if (!block.uvw_m.empty() && !block.antenna1.empty() && !block.antenna2.empty()) {
      add_uvw(block, i);
    }
  }
}

void RowSurvey::add_time(const MsRowBlock& block, std::size_t i) {
  const std::uint64_t row = block.first + i;
  const double time_s = block.time_s[i];
  const std::int32_t description = block.data_desc_id.empty() ? 0 : block.data_desc_id[i];
  const double interval_s = block.interval_s.empty() ? 0 : block.interval_s[i];
  longest_interval_s = std::max(longest_interval_s, interval_s);
  first_s = std::min(first_s, time_s - interval_s / 2);
  last_s = std::max(last_s, time_s + interval_s / 2);
  if (!block.field_id.empty()) {
    FieldTimes& times = fields[block.field_id[i]];
    times.first_s = std::min(times.first_s, time_s);
    times.last_s = std::max(times.last_s, time_s);
  }
  const auto [last, is_new] = last_time_s_.emplace(description, time_s);
  const double step_s = time_s - last->second;
  last->second = time_s;
  backwards_s.see(is_new ? 0 : -step_s, row);
  // Averaged sets have baselines of different times in one integration, so each has its own ends.
  std::uint64_t baseline = static_cast<std::uint32_t>(description);
  for (const auto* antenna : {&block.antenna1, &block.antenna2}) {
    if (!antenna->empty()) {
      baseline = baseline << 20 | (static_cast<std::uint32_t>((*antenna)[i]) & 0xfffff);
    }
  }
  const auto [end_s, no_end] = end_s_.emplace(baseline, time_s + interval_s / 2);
  if (!no_end && interval_s > 0) {
    const double pause = (time_s - interval_s / 2 - end_s->second) / interval_s;
    overlap.see(-pause, row);
    gap.see(pause, row);
  }
  end_s->second = time_s + interval_s / 2;
  if (!block.interval_s.empty() && !block.exposure_s.empty()) {
    const double excess = interval_s > 0 ? block.exposure_s[i] / interval_s - 1
                                         : std::numeric_limits<double>::infinity();
    exposure_excess.see(excess, row);
    exposure_lack.see(std::abs(excess), row);
  }
  if (step_s == 0 && !is_new && run_.data_desc_id == description &&
      run_.first + run_.count == row) {
    ++run_.count;
    return;
  }
  keep_run();
  run_ = {row, 1, description};
}

void RowSurvey::keep_run() {
  if (run_.count == 0) return;
  if (number_of_runs_++ % run_stride_ == 0) runs.push_back(run_);
  run_.count = 0;
  if (runs.size() < kMostRuns) return;
  for (std::size_t k = 0; 2 * k < runs.size(); ++k) runs[k] = runs[2 * k];
  runs.resize((runs.size() + 1) / 2);
  run_stride_ *= 2;
}

void RowSurvey::add_uvw(const MsRowBlock& block, std::size_t i) {
  const auto first = static_cast<std::size_t>(block.antenna1[i]);
  const auto second = static_cast<std::size_t>(block.antenna2[i]);
  if (first == second) return;
  if (longest_m_ < 0) {
    for (const Antenna& a : header_->antennas) {
      for (const Antenna& b : header_->antennas) {
        longest_m_ = std::max(longest_m_, distance_m(a, b));
      }
    }
  }
  ++crosses;
  const std::uint64_t row = block.first + i;
  const double* uvw_m = &block.uvw_m[3 * i];
  const double length_m = std::hypot(uvw_m[0], uvw_m[1], uvw_m[2]);
  if (length_m < 1e-10) {
    ++zero_uvw;
    return;
  }
  length_ratio.see(length_m / longest_m_, row);
  if (!std::isfinite(length_m)) return;
  const Antenna& a = header_->antennas[first];
  const Antenna& b = header_->antennas[second];
  const double apart_m = distance_m(a, b);
  if (!(apart_m > 0)) return;
  // One row far off shall not decide for all.
  const double ratio = std::min(length_m / apart_m, 10.0);
  ratio_sum += ratio;
  ratio_sum2 += ratio * ratio;
  ++ratios;
  // Annual aberration stretches uvw by as much as 1e-4 where writers apply it to baselines.
  const double share = std::abs(length_m - apart_m) / (0.05 + 2e-4 * apart_m);
  for (const std::size_t antenna : {first, second}) {
    UvwOfAntenna& of = of_antenna[antenna];
    ++of.rows;
    of.beyond += share <= 1 ? 0 : 1;
  }
  if (block.field_id.empty() || block.time_s.empty()) return;
  add_direction({a.position_m[0] - b.position_m[0], a.position_m[1] - b.position_m[1],
                 a.position_m[2] - b.position_m[2]},
                uvw_m, block.time_s[i], static_cast<std::size_t>(block.field_id[i]));
}

void RowSurvey::add_direction(const std::array<double, 3>& baseline_m, const double* uvw_m,
                              double time_s, std::size_t field) {
  const Direction& centre = header_->fields[field].phase_dir;
  if (centre.frame != "ICRS" && centre.frame != "J2000") return;
  if (time_s != axes_time_s_ || field != axes_field_) {
    const double hour_angle = earth_rotation_rad(time_s) - centre.ra_rad;
    axes_ = {std::sin(hour_angle), std::cos(hour_angle), std::sin(centre.dec_rad),
             std::cos(centre.dec_rad)};
    axes_time_s_ = time_s;
    axes_field_ = field;
  }
  const auto [sin_h, cos_h, sin_d, cos_d] = axes_;
  const auto [x, y, z] = baseline_m;
  const std::array<double, 3> expected{sin_h * x + cos_h * y,
                                       -sin_d * cos_h * x + sin_d * sin_h * y + cos_d * z,
                                       cos_d * cos_h * x - cos_d * sin_h * y + sin_d * z};
  const double lengths =
      std::hypot(expected[0], expected[1], expected[2]) * std::hypot(uvw_m[0], uvw_m[1], uvw_m[2]);
  if (!(lengths > 0)) return;
  cosine_sum +=
      (expected[0] * uvw_m[0] + expected[1] * uvw_m[1] + expected[2] * uvw_m[2]) / lengths;
  ++cosines;
}

}  // namespace skymill::radio
