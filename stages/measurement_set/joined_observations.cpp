// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/measurement_set/joined_observations.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace skymill::radio {

namespace {

constexpr double kSamePlaceM = 0.1;
constexpr double kSameDirectionRad = 1e-9;
constexpr double kSameChannel = 1e-6;  // of its width

bool same(const Antenna& a, const Antenna& b) {
  if (a.name != b.name || a.station != b.station) return false;
  return std::hypot(a.position_m[0] - b.position_m[0], a.position_m[1] - b.position_m[1],
                    a.position_m[2] - b.position_m[2]) <= kSamePlaceM;
}

bool same(const SpectralWindow& a, const SpectralWindow& b) {
  if (a.chan_freq_hz.size() != b.chan_freq_hz.size() || a.meas_freq_ref != b.meas_freq_ref) {
    return false;
  }
  for (std::size_t k = 0; k < a.chan_freq_hz.size(); ++k) {
    const double allowed_hz =
        std::max(kSameChannel * std::abs(a.chan_width_hz[k]),
                 4 * std::numeric_limits<double>::epsilon() * std::abs(a.chan_freq_hz[k]));
    if (std::abs(a.chan_freq_hz[k] - b.chan_freq_hz[k]) > allowed_hz) return false;
    if (std::abs(a.chan_width_hz[k] - b.chan_width_hz[k]) > allowed_hz) return false;
  }
  return true;
}

bool same(const DataDescription& a, const DataDescription& b) {
  return a.spectral_window == b.spectral_window && a.corr_types == b.corr_types;
}

bool same(const Field& a, const Field& b) {
  const Direction& x = a.phase_dir;
  const Direction& y = b.phase_dir;
  const double turn_rad = std::remainder(x.ra_rad - y.ra_rad, 2 * 3.14159265358979323846);
  return a.name == b.name && x.frame == y.frame &&
         std::abs(turn_rad * std::cos(x.dec_rad)) <= kSameDirectionRad &&
         std::abs(x.dec_rad - y.dec_rad) <= kSameDirectionRad;
}

bool same(const ObservingRun& a, const ObservingRun& b) {
  return a.telescope == b.telescope && a.observer == b.observer && a.project == b.project &&
         a.first_s == b.first_s && a.last_s == b.last_s;
}

bool same(const ObservingState& a, const ObservingState& b) {
  return a.signal == b.signal && a.reference == b.reference && a.cal_k == b.cal_k &&
         a.load_k == b.load_k && a.sub_scan == b.sub_scan && a.intent == b.intent;
}

/// The places in `all` of what a set has; what is not there yet is added.
template <class T>
std::vector<std::int32_t> merge(std::vector<T>& all, const std::vector<T>& added) {
  std::vector<bool> taken(all.size(), false);  // two of one set never become one
  std::vector<std::int32_t> places;
  for (const T& one : added) {
    std::size_t place = 0;
    while (place < all.size() && (taken[place] || !same(all[place], one))) ++place;
    if (place == all.size()) {
      all.push_back(one);
      taken.push_back(true);
    }
    taken[place] = true;
    places.push_back(static_cast<std::int32_t>(place));
  }
  return places;
}

std::string times_of(const ObservationHeader& set) {
  char text[80];
  std::snprintf(text, sizeof text, "MJD %.7f to %.7f", set.time_first_s / 86400,
                set.time_last_s / 86400);
  return "'" + set.source + "' (" + text + ")";
}

double first_frequency(const ObservationHeader& set) {
  return set.spectral_windows.empty() ? 0 : set.spectral_windows.front().chan_freq_hz.front();
}

bool overlap(const ObservationHeader& a, const ObservationHeader& b) {
  return a.time_first_s <= b.time_last_s && b.time_first_s <= a.time_last_s;
}

}  // namespace

JoinedObservations join_observations(
    const std::vector<std::shared_ptr<const ObservationHeader>>& sets) {
  JoinedObservations joined;
  joined.order.resize(sets.size());
  joined.numbers.resize(sets.size());
  std::iota(joined.order.begin(), joined.order.end(), std::size_t{0});
  std::stable_sort(joined.order.begin(), joined.order.end(), [&](std::size_t a, std::size_t b) {
    return sets[a]->time_first_s < sets[b]->time_first_s;
  });
  // Windows are to ascend in frequency, whatever the order of the sets.
  std::vector<std::size_t> by_frequency = joined.order;
  std::stable_sort(by_frequency.begin(), by_frequency.end(), [&](std::size_t a, std::size_t b) {
    return first_frequency(*sets[a]) < first_frequency(*sets[b]);
  });

  auto whole = std::make_shared<ObservationHeader>(*sets[by_frequency.front()]);
  whole->source.clear();
  whole->antennas.clear();
  whole->spectral_windows.clear();
  whole->data_descriptions.clear();
  whole->fields.clear();
  whole->observations.clear();
  whole->states.clear();
  whole->rows = 0;
  whole->rows_per_description.clear();
  whole->time_first_s = std::numeric_limits<double>::infinity();
  whole->time_last_s = -whole->time_first_s;
  std::vector<std::vector<std::size_t>> with_rows;  // sets of each description
  for (const std::size_t k : by_frequency) {
    const ObservationHeader& one = *sets[k];
    NewNumbers& numbers = joined.numbers[k];
    if (one.telescope != whole->telescope) {
      throw Error(ErrorKind::input,
                  "'" + sets[by_frequency.front()]->source + "' and '" + one.source +
                      "' were observed with different telescopes, '" + whole->telescope +
                      "' and '" + one.telescope + "'",
                  "read together only what one telescope saw");
    }
    numbers.antenna = merge(whole->antennas, one.antennas);
    numbers.field = merge(whole->fields, one.fields);
    numbers.observation = merge(whole->observations, one.observations);
    numbers.state = merge(whole->states, one.states);
    const auto windows = merge(whole->spectral_windows, one.spectral_windows);
    std::vector<DataDescription> descriptions = one.data_descriptions;
    for (DataDescription& description : descriptions) {
      description.spectral_window =
          windows.at(static_cast<std::size_t>(description.spectral_window));
    }
    numbers.description = merge(whole->data_descriptions, descriptions);
    whole->rows_per_description.resize(whole->data_descriptions.size(), 0);
    with_rows.resize(whole->data_descriptions.size());
    for (std::size_t d = 0; d < numbers.description.size(); ++d) {
      if (one.rows_per_description.at(d) == 0) continue;
      const auto place = static_cast<std::size_t>(numbers.description[d]);
      for (const std::size_t earlier : with_rows[place]) {
        if (!overlap(*sets[earlier], one)) continue;
        throw Error(ErrorKind::input,
                    times_of(*sets[earlier]) + " and " + times_of(one) +
                        " overlap in time and have spectral windows in common",
                    "join sets of other times or other windows, or select a timerange of each");
      }
      with_rows[place].push_back(k);
      whole->rows_per_description[place] += one.rows_per_description[d];
    }
    whole->source += (whole->source.empty() ? "" : ", ") + one.source;
    whole->rows += one.rows;
    if (one.rows == 0) continue;
    whole->time_first_s = std::min(whole->time_first_s, one.time_first_s);
    whole->time_last_s = std::max(whole->time_last_s, one.time_last_s);
    whole->max_uvw_m = std::max(whole->max_uvw_m, one.max_uvw_m);
    if (one.uvw_sense != whole->uvw_sense) whole->uvw_sense = UvwSense::unknown;
    if (one.pointing_dec_rad != whole->pointing_dec_rad) whole->pointing_dec_rad = 0;
  }
  joined.header = std::move(whole);
  return joined;
}

void renumber(Visibilities& rows, const NewNumbers& numbers, const ObservationHeader& whole) {
  const auto give = [&](std::vector<std::int32_t>& column, const std::vector<std::int32_t>& places,
                        const char* name) {
    for (std::int32_t& number : column) {
      if (number == -1) continue;
      if (number < 0 || static_cast<std::size_t>(number) >= places.size()) {
        throw Error(ErrorKind::input, "a row of '" + rows.header->source + "' has " + name + " " +
                                          std::to_string(number) + ", but there are " +
                                          std::to_string(places.size()) + " of them");
      }
      number = places[static_cast<std::size_t>(number)];
    }
  };
  if (rows.observation_id.empty() && whole.observations.size() > 1) {
    rows.observation_id.assign(rows.rows(), numbers.observation.empty() ? -1 : 0);
  }
  if (rows.state_id.empty() && !whole.states.empty()) rows.state_id.assign(rows.rows(), -1);
  give(rows.antenna1, numbers.antenna, "antenna");
  give(rows.antenna2, numbers.antenna, "antenna");
  give(rows.field_id, numbers.field, "field");
  give(rows.observation_id, numbers.observation, "OBSERVATION_ID");
  give(rows.state_id, numbers.state, "STATE_ID");
  rows.data_desc_id = numbers.description.at(static_cast<std::size_t>(rows.data_desc_id));
}

}  // namespace skymill::radio
