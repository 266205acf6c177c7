// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/gains/solution_words.h>
#include <stages/gains/time_series.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kExact_s = 1e-3;
constexpr double kOneSolution_s = 1e-2;
constexpr double kDegree = 3.14159265358979323846 / 180;

bool has_any(const Solutions& solutions, std::size_t interval,
             const std::vector<std::size_t>& cells) {
  for (const std::size_t f : cells) {
    const auto first =
        solutions.flag.begin() + static_cast<std::ptrdiff_t>(solutions.index(interval, f, 0, 0));
    const auto last =
        first + static_cast<std::ptrdiff_t>(solutions.pols.size() * solutions.antennas.size());
    if (std::find(first, last, 0) != last) return true;
  }
  return false;
}

std::vector<std::size_t> intervals_of(const Solutions& solutions,
                                      const std::vector<std::size_t>& cells) {
  std::vector<std::size_t> all(solutions.frequencies.size());
  for (std::size_t f = 0; f < all.size(); ++f) all[f] = f;
  std::vector<std::size_t> found, failed;
  for (std::size_t k = 0; k < solutions.intervals.size(); ++k) {
    if (cells.empty() || has_any(solutions, k, cells)) {
      found.push_back(k);
    } else if (!has_any(solutions, k, all)) {
      failed.push_back(k);
    }
  }
  // Windows of one solution may differ in their mean times by a little: what failed so close to a
  // good one was another window's.
  for (const std::size_t k : failed) {
    const bool other = std::any_of(found.begin(), found.end(), [&](std::size_t own) {
      return std::abs(solutions.intervals[own].time_s - solutions.intervals[k].time_s) <
             kOneSolution_s;
    });
    if (!other) found.push_back(k);
  }
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    return solutions.intervals[a].time_s < solutions.intervals[b].time_s;
  });
  return found;
}

const Field* field_at(const ObservationHeader& header, std::int32_t number) {
  if (number < 0 || static_cast<std::size_t>(number) >= header.fields.size()) return nullptr;
  return &header.fields[static_cast<std::size_t>(number)];
}

double apart_rad(const Direction& a, const Direction& b) {
  const double cosine = std::sin(a.dec_rad) * std::sin(b.dec_rad) +
                        std::cos(a.dec_rad) * std::cos(b.dec_rad) * std::cos(a.ra_rad - b.ra_rad);
  return std::acos(std::clamp(cosine, -1.0, 1.0));
}

double declination_rad(const ObservationHeader& header, const Field& field) {
  return header.phasing == Phasing::meridian ? header.pointing_dec_rad : field.phase_dir.dec_rad;
}

/// To a second.
std::string mjd_text(double time_s) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5f", time_s / 86400);
  return text;
}

std::string in_degrees(double angle_rad) {
  return format_quantity(angle_rad / kDegree, "") + " deg";
}

/// Whether a list such as `0,J1008` has the field's number or name.
bool is_listed(const std::string& list, std::int32_t number, const Field* field) {
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    const std::string entry = list.substr(from, comma - from);
    if (entry == std::to_string(number) || (field != nullptr && entry == field->name)) return true;
    from = comma + 1;
  }
  return false;
}

}  // namespace

TimeSeries::TimeSeries(const Solutions& solutions, const std::vector<std::size_t>& cells,
                       TermChoice choice, SolutionLimits limits)
    : solutions_(solutions),
      choice_(std::move(choice)),
      limits_(limits),
      intervals_(intervals_of(solutions, cells)) {}

bool TimeSeries::serves(const SolutionInterval& interval, std::int32_t field,
                        const ObservationHeader& header) const {
  if (choice_.gainfield.empty()) return true;
  static const ObservationHeader nothing;
  const ObservationHeader& solved = solutions_.header ? *solutions_.header : nothing;
  const Field* const own = field_at(solved, interval.field_id);
  if (choice_.gainfield != "nearest") return is_listed(choice_.gainfield, interval.field_id, own);
  const Field* const wanted = field_at(header, field);
  if (own == nullptr || wanted == nullptr) return false;
  for (const std::size_t k : intervals_) {
    const Field* const other = field_at(solved, solutions_.intervals[k].field_id);
    if (other == nullptr) continue;
    // Below a milliarcsecond it is the same field once more.
    if (apart_rad(other->phase_dir, wanted->phase_dir) + 5e-9 <
        apart_rad(own->phase_dir, wanted->phase_dir)) {
      return false;
    }
  }
  return true;
}

void TimeSeries::guard_declination(const std::vector<std::size_t>& intervals, std::int32_t field,
                                   const ObservationHeader& header) const {
  const Field* const wanted = field_at(header, field);
  if (!limits_.dec_guard_rad || wanted == nullptr || !solutions_.header) return;
  const double dec_rad = declination_rad(header, *wanted);
  double nearest_rad = INFINITY;
  for (const std::size_t k : intervals) {
    const Field* const solved = field_at(*solutions_.header, solutions_.intervals[k].field_id);
    if (solved == nullptr) continue;
    const double solved_rad = declination_rad(*solutions_.header, *solved);
    if (std::abs(solved_rad - dec_rad) < std::abs(nearest_rad - dec_rad)) nearest_rad = solved_rad;
  }
  if (std::isinf(nearest_rad) || std::abs(nearest_rad - dec_rad) <= *limits_.dec_guard_rad) return;
  throw Error(ErrorKind::input,
              solution_words(solutions_) + " were made at declination " + in_degrees(nearest_rad) +
                  ", but field '" + wanted->name + "' of '" + header.source + "' is at " +
                  in_degrees(dec_rad) + ", further than dec_guard, " +
                  in_degrees(*limits_.dec_guard_rad),
              "take solutions of the same strip; dec_guard: none if the telescope tracks");
}

const std::vector<std::size_t>& TimeSeries::of_field(std::int32_t field,
                                                     const ObservationHeader& header) {
  const auto known = by_field_.find(field);
  if (known != by_field_.end()) return known->second;
  std::vector<std::size_t> served;
  for (const std::size_t k : intervals_) {
    if (serves(solutions_.intervals[k], field, header)) served.push_back(k);
  }
  if (served.empty()) {
    const Field* const wanted = field_at(header, field);
    throw Error(ErrorKind::input,
                solution_words(solutions_) + " have none for field " + std::to_string(field) +
                    (wanted == nullptr ? "" : " ('" + wanted->name + "')") + " of '" +
                    header.source + "' with gainfield '" + choice_.gainfield + "'",
                "give a field of the solutions by name or number, or nearest");
  }
  guard_declination(served, field, header);
  return by_field_[field] = std::move(served);
}

void TimeSeries::guard_age(const SolutionInterval& nearest, double time_s,
                           const ObservationHeader& header) const {
  if (!limits_.max_age_s) return;
  const double begin_s = std::min(nearest.begin_s, nearest.time_s);
  const double end_s = std::max(nearest.end_s, nearest.time_s);
  // Without limits an interval is a moment.
  const bool spans = nearest.begin_s > 0;
  const double age_s =
      spans ? std::max({0.0, begin_s - time_s, time_s - end_s}) : std::abs(time_s - nearest.time_s);
  if (age_s <= *limits_.max_age_s) return;
  throw Error(ErrorKind::input,
              solution_words(solutions_) + " are out of validity: the nearest in time is " +
                  format_quantity(age_s, "s") + " from data of '" + header.source + "' at MJD " +
                  mjd_text(time_s) + ", max_age is " + format_quantity(*limits_.max_age_s, "s"),
              "solve nearer in time, or give max_age if older solutions will do");
}

Moment TimeSeries::at(double time_s, std::int32_t field, const ObservationHeader& header) {
  const std::vector<std::size_t>& served = of_field(field, header);
  const auto time_of = [&](std::size_t k) { return solutions_.intervals[served[k]].time_s; };
  std::size_t upper = 0;
  while (upper < served.size() && time_of(upper) <= time_s) ++upper;
  const std::size_t lower = upper == 0 ? 0 : upper - 1;
  upper = std::min(upper, served.size() - 1);
  const std::size_t nearest =
      std::abs(time_of(upper) - time_s) < std::abs(time_of(lower) - time_s) ? upper : lower;
  guard_age(solutions_.intervals[served[nearest]], time_s, header);
  const bool alone = lower == upper || std::abs(time_of(nearest) - time_s) < kExact_s ||
                     choice_.time == Between::nearest;
  if (alone) return {served[nearest], served[nearest], 0};
  return {served[lower], served[upper],
          (time_s - time_of(lower)) / (time_of(upper) - time_of(lower))};
}

}  // namespace skymill::radio
