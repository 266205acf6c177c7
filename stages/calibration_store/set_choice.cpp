// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibration_store/set_choice.h>
#include <stages/calsets/solution_figures.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace skymill::radio {

namespace {

constexpr double kDegree_rad = 3.14159265358979323846 / 180;
constexpr std::size_t kMostNamed = 12;

/// Windows are the same when they lie as far apart as that part of their width at most.
constexpr double kSameWindow = 0.01;

std::string degrees(double angle_rad) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g deg", angle_rad / kDegree_rad);
  return text;
}

double gap(double first, double last, double other_first, double other_last) {
  return std::max({0.0, other_first - last, first - other_last});
}

std::string antennas_refusal(const StoredSet& set, const Wanted& wanted) {
  const std::set<std::string> solved(set.antennas.begin(), set.antennas.end());
  std::string missing;
  std::size_t count = 0;
  for (const std::string& antenna : wanted.antennas) {
    if (solved.count(antenna) != 0) continue;
    if (++count <= 3) missing += (missing.empty() ? "'" : ", '") + antenna + "'";
  }
  if (count == 0) return {};
  return "it lacks " + std::to_string(count) + " of " + std::to_string(wanted.antennas.size()) +
         " antennas, such as " + missing;
}

std::string windows_refusal(const StoredSet& set, const Wanted& wanted) {
  if (set.windows.size() != wanted.windows.size()) {
    return "it has " + std::to_string(set.windows.size()) + " spectral windows instead of " +
           std::to_string(wanted.windows.size());
  }
  for (std::size_t k = 0; k < set.windows.size(); ++k) {
    const WindowSpan& mine = set.windows[k];
    const WindowSpan& theirs = wanted.windows[k];
    const double allowed_hz = kSameWindow * theirs.width_hz;
    if (std::abs(mine.centre_hz - theirs.centre_hz) > allowed_hz ||
        std::abs(mine.width_hz - theirs.width_hz) > allowed_hz) {
      return "its spectral window " + std::to_string(k) + " is at " +
             format_quantity(mine.centre_hz, "Hz") + ", " + format_quantity(mine.width_hz, "Hz") +
             " wide, instead of " + format_quantity(theirs.centre_hz, "Hz") + ", " +
             format_quantity(theirs.width_hz, "Hz") + " wide";
    }
  }
  return {};
}

std::string sense_refusal(const StoredSet& set, const Wanted& wanted) {
  if (set.uvw_sense == wanted.uvw_sense || !sense_doubt(set, wanted).empty()) return {};
  return "its data had the opposite sense of UVW, so its phases have the other sign";
}

std::string declination_refusal(const StoredSet& set, const Wanted& wanted, double guard_rad) {
  const double off_rad =
      std::max({0.0, set.dec_low_rad - wanted.dec_low_rad, wanted.dec_high_rad - set.dec_high_rad});
  if (off_rad <= guard_rad) return {};
  return "its declination is " + degrees(off_rad) + " off, more than declination_guard " +
         degrees(guard_rad);
}

std::string age_refusal(const StoredSet& set, const Wanted& wanted, const ChoiceLimits& limits) {
  for (const StoredTable& table : set.tables) {
    const double away_s = gap(table.first_s, table.last_s, wanted.first_s, wanted.last_s);
    const auto limit = limits.max_age_s.find(table.term);
    if (limit == limits.max_age_s.end() || away_s <= limit->second) continue;
    return "its " + std::string(letter(table.term)) + " is " + format_quantity(away_s, "s") + " " +
           (table.first_s > wanted.last_s ? "later" : "earlier") + ", more than " +
           format_quantity(limit->second, "s");
  }
  return {};
}

std::string quality_refusal(const StoredSet& set, bool accept_warn) {
  if (set.quality == "pass" || (set.quality == "warn" && accept_warn)) return {};
  return "its quality is '" + set.quality + "'";
}

std::string terms_refusal(const StoredSet& set, const std::string& terms) {
  const std::string has = set.terms();
  for (const char term : terms) {
    if (has.find(term) == std::string::npos) {
      return "it has no " + std::string(1, term) + ", only " + has;
    }
  }
  return {};
}

}  // namespace

std::string sense_doubt(const StoredSet& set, const Wanted& wanted) {
  if (set.uvw_sense == wanted.uvw_sense) return {};
  const bool of_set = set.uvw_sense == UvwSense::unknown;
  if (!of_set && wanted.uvw_sense != UvwSense::unknown) return {};
  return "the sense of UVW of " +
         (of_set ? "the data that '" + set.name + "' was solved from" : "'" + wanted.source + "'") +
         " is not known: if it is not that of " +
         (of_set ? "'" + wanted.source + "'" : "the data that '" + set.name + "' was solved from") +
         ", phases are corrected with the wrong sign";
}

Wanted wanted_by(const ObservationHeader& header) {
  if (header.fields.empty() || !(header.time_last_s > 0)) {
    throw Error(ErrorKind::input, "'" + header.source +
                                      "' says neither time nor field, so no calibration can be "
                                      "looked up for it");
  }
  Wanted wanted;
  wanted.source = header.source;
  wanted.telescope = header.telescope;
  wanted.uvw_sense = header.uvw_sense;
  wanted.first_s = header.time_first_s;
  wanted.last_s = header.time_last_s;
  wanted.dec_low_rad = wanted.dec_high_rad = header.fields.front().phase_dir.dec_rad;
  for (const Field& field : header.fields) {
    wanted.dec_low_rad = std::min(wanted.dec_low_rad, field.phase_dir.dec_rad);
    wanted.dec_high_rad = std::max(wanted.dec_high_rad, field.phase_dir.dec_rad);
  }
  if (header.phasing == Phasing::meridian) {
    wanted.dec_low_rad = wanted.dec_high_rad = header.pointing_dec_rad;
  }
  for (const Antenna& antenna : header.antennas) wanted.antennas.push_back(antenna.name);
  wanted.windows = window_spans(header);
  return wanted;
}

std::string refusal(const StoredSet& set, const Wanted& wanted, const ChoiceLimits& limits) {
  std::vector<std::string> reasons;
  if (set.status != "active") reasons.push_back("it is " + set.status + ": " + set.reason);
  if (set.name.find("NON_SCIENCE") != std::string::npos) reasons.push_back("it is NON_SCIENCE");
  if (set.telescope != wanted.telescope) {
    reasons.push_back("its telescope is '" + set.telescope + "', not '" + wanted.telescope + "'");
  }
  for (const std::string& reason :
       {quality_refusal(set, limits.accept_warn), terms_refusal(set, limits.terms),
        sense_refusal(set, wanted), antennas_refusal(set, wanted), windows_refusal(set, wanted),
        declination_refusal(set, wanted, limits.declination_guard_rad),
        age_refusal(set, wanted, limits)}) {
    if (!reason.empty()) reasons.push_back(reason);
  }
  std::string text;
  for (const std::string& reason : reasons) text += (text.empty() ? "" : ", ") + reason;
  return text;
}

double distance_s(const StoredSet& set, const Wanted& wanted) {
  return gap(set.first_s, set.last_s, wanted.first_s, wanted.last_s);
}

bool is_valid(const StoredSet& set, const Wanted& wanted) {
  return set.valid_from_s <= wanted.first_s && wanted.last_s <= set.valid_to_s;
}

const StoredSet& choose_set(const std::vector<StoredSet>& sets, const Wanted& wanted,
                            const ChoiceLimits& limits, const std::string& store) {
  std::vector<const StoredSet*> order;
  for (const StoredSet& set : sets) order.push_back(&set);
  std::stable_sort(order.begin(), order.end(), [&](const StoredSet* a, const StoredSet* b) {
    const bool a_valid = is_valid(*a, wanted);
    const bool b_valid = is_valid(*b, wanted);
    if (a_valid || b_valid) return a_valid && !b_valid;
    return distance_s(*a, wanted) < distance_s(*b, wanted);
  });
  std::string reasons;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::string reason = refusal(*order[k], wanted, limits);
    if (reason.empty()) return *order[k];
    if (k < kMostNamed) reasons += "; '" + order[k]->name + "': " + reason;
  }
  if (order.size() > kMostNamed) {
    reasons += "; and " + std::to_string(order.size() - kMostNamed) + " that are farther away";
  }
  throw Error(ErrorKind::input,
              "no calibration in '" + store + "' fits '" + wanted.source + "', " +
                  wanted.telescope + " at " + utc_text(wanted.first_s) + " UTC, declination " +
                  degrees(wanted.dec_low_rad) + ": " +
                  (order.empty() ? "the store is empty" : reasons.substr(2)),
              "solve for a calibrator of that time and declination, or raise the limits that "
              "refuse a set");
}

}  // namespace skymill::radio
