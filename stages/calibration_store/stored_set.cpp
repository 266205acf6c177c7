// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibration_store/stored_set.h>
#include <stages/calsets/solution_figures.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace skymill::radio {

namespace {

StoredTable describe_table(const Solutions& term) {
  StoredTable table;
  table.term = term.term;
  table.first_s = term.intervals.front().time_s;
  table.last_s = term.intervals.back().time_s;
  const auto refant = std::find_if(term.refant.begin(), term.refant.end(),
                                   [](std::int32_t antenna) { return antenna >= 0; });
  if (refant != term.refant.end()) {
    table.refant = term.antennas.at(static_cast<std::size_t>(*refant));
  }
  const SolutionCounts counts = count_solutions(term);
  table.solutions = static_cast<std::int64_t>(counts.solutions);
  table.flagged = static_cast<std::int64_t>(counts.flagged);
  return table;
}

/// Adds the fields that a term was solved on.
void add_fields(const Solutions& term, std::set<std::string>& names, StoredSet& set) {
  const ObservationHeader& header = *term.header;
  for (const SolutionInterval& interval : term.intervals) {
    if (interval.field_id < 0 ||
        static_cast<std::size_t>(interval.field_id) >= header.fields.size()) {
      continue;
    }
    const Field& field = header.fields[static_cast<std::size_t>(interval.field_id)];
    const double dec_rad =
        header.phasing == Phasing::meridian ? header.pointing_dec_rad : field.phase_dir.dec_rad;
    set.dec_low_rad = names.empty() ? dec_rad : std::min(set.dec_low_rad, dec_rad);
    set.dec_high_rad = names.empty() ? dec_rad : std::max(set.dec_high_rad, dec_rad);
    names.insert(field.name);
  }
}

void require_alike(const StoredSet& set, const Solutions& term) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::input,
                "the terms of the calibration differ in their " + what +
                    ", so they were not solved together: '" + term.name + "' is the odd one",
                "store only what one solve has made");
  };
  if (term.header->telescope != set.telescope) refuse("telescope");
  const bool known =
      term.header->uvw_sense != UvwSense::unknown && set.uvw_sense != UvwSense::unknown;
  if (known && term.header->uvw_sense != set.uvw_sense) refuse("sense of UVW");
  if (term.antennas != set.antennas) refuse("antennas");
}

}  // namespace

std::string StoredSet::terms() const {
  std::string text;
  for (const StoredTable& table : tables) text += letter(table.term);
  return text;
}

std::vector<WindowSpan> window_spans(const ObservationHeader& header) {
  std::vector<WindowSpan> spans;
  for (const SpectralWindow& window : header.spectral_windows) {
    double low = std::numeric_limits<double>::max();
    double high = 0;
    for (std::size_t c = 0; c < window.chan_freq_hz.size(); ++c) {
      const double half = std::abs(window.chan_width_hz[c]) / 2;
      low = std::min(low, window.chan_freq_hz[c] - half);
      high = std::max(high, window.chan_freq_hz[c] + half);
    }
    spans.push_back({(low + high) / 2, high - low});
  }
  return spans;
}

StoredSet describe_set(const Calibration& calibration) {
  if (calibration.terms.empty()) {
    throw Error(ErrorKind::input, "the calibration has no terms, so there is nothing to store");
  }
  const Solutions& first = *calibration.terms.front();
  StoredSet set;
  set.telescope = first.header->telescope;
  set.uvw_sense = first.header->uvw_sense;
  set.antennas = first.antennas;
  set.windows = window_spans(*first.header);
  set.source_ms = first.ms_name.empty() ? first.header->source : first.ms_name;
  set.first_s = std::numeric_limits<double>::max();
  std::set<std::string> fields;
  for (const auto& term : calibration.terms) {
    require_alike(set, *term);
    if (set.uvw_sense == UvwSense::unknown) set.uvw_sense = term->header->uvw_sense;
    set.tables.push_back(describe_table(*term));
    if (set.tables.back().flagged == set.tables.back().solutions) {
      throw Error(ErrorKind::input,
                  "'" + term->name + "' has no good solution, so the set is not stored",
                  "look at flags and model, and solve again");
    }
    add_fields(*term, fields, set);
    set.first_s = std::min(set.first_s, set.tables.back().first_s);
    set.last_s = std::max(set.last_s, set.tables.back().last_s);
    // Delays and gains of a table leave only one channel of their windows.
    if (term->term == JonesTerm::B) set.windows = window_spans(*term->header);
  }
  if (first.header->time_first_s > 0) {
    set.first_s = std::min(set.first_s, first.header->time_first_s);
    set.last_s = std::max(set.last_s, first.header->time_last_s);
  }
  if (fields.empty()) {
    throw Error(ErrorKind::input, "'" + first.name +
                                      "' does not say which field it was solved on, so nobody can "
                                      "tell for which declinations it holds");
  }
  for (const std::string& name : fields) {
    set.calibrator += (set.calibrator.empty() ? "" : ", ") + name;
  }
  set.valid_from_s = set.first_s;
  set.valid_to_s = set.last_s;
  return set;
}

}  // namespace skymill::radio
