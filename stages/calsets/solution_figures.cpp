// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calsets/solution_figures.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>

namespace skymill::radio {

namespace {

/// The fields that were solved on, by name.
std::string fields_text(const Solutions& solutions) {
  std::set<std::int32_t> numbers;
  for (const SolutionInterval& interval : solutions.intervals) numbers.insert(interval.field_id);
  std::string text;
  for (const std::int32_t number : numbers) {
    const bool known =
        number >= 0 && static_cast<std::size_t>(number) < solutions.header->fields.size();
    text += (text.empty() ? "" : ", ") +
            (known ? solutions.header->fields[static_cast<std::size_t>(number)].name
                   : std::string("?"));
  }
  return text;
}

}  // namespace

SolutionCounts count_solutions(const Solutions& solutions) {
  SolutionCounts counts;
  for (std::size_t i = 0; i < solutions.intervals.size(); ++i) {
    for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
      if (std::isnan(solutions.time_s(i, f))) continue;
      const auto from =
          solutions.flag.begin() + static_cast<std::ptrdiff_t>(solutions.index(i, f, 0, 0));
      const std::size_t cell = solutions.pols.size() * solutions.antennas.size();
      counts.solutions += cell;
      counts.flagged += cell - static_cast<std::size_t>(
                                   std::count(from, from + static_cast<std::ptrdiff_t>(cell), 0));
    }
  }
  return counts;
}

std::string utc_text(double mjd_s) {
  constexpr double kUnixEpochMjd_s = 40587.0 * 86400.0;
  const auto unix_s = static_cast<std::time_t>(std::floor(mjd_s - kUnixEpochMjd_s + 0.5));
  std::tm parts{};
  gmtime_r(&unix_s, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return text;
}

Row table_row(std::size_t order, const std::string& path, const Solutions& solutions) {
  const SolutionCounts counts = count_solutions(solutions);
  return {{"order", static_cast<std::int64_t>(order)},
          {"table", path},
          {"type", std::string(letter(solutions.term))},
          {"first_utc", utc_text(solutions.intervals.front().time_s)},
          {"last_utc", utc_text(solutions.intervals.back().time_s)},
          {"field", fields_text(solutions)},
          {"telescope", solutions.header->telescope},
          {"solved_from", solutions.ms_name.empty() ? solutions.header->source : solutions.ms_name},
          {"antennas", static_cast<std::int64_t>(solutions.antennas.size())},
          {"frequencies", static_cast<std::int64_t>(solutions.frequencies.size())},
          {"intervals", static_cast<std::int64_t>(solutions.intervals.size())},
          {"solutions", static_cast<std::int64_t>(counts.solutions)},
          {"flagged", static_cast<std::int64_t>(counts.flagged)}};
}

std::string table_sentence(const std::string& path, const Solutions& solutions) {
  const SolutionCounts counts = count_solutions(solutions);
  return "'" + path + "': " + letter(solutions.term) + " of " + fields_text(solutions) + " at " +
         utc_text(solutions.intervals.front().time_s) + " UTC, " +
         std::to_string(counts.solutions) + " solutions, " + std::to_string(counts.flagged) +
         " of them flagged";
}

}  // namespace skymill::radio
