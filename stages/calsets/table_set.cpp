// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calsets/solution_figures.h>
#include <stages/calsets/table_set.h>

#include <algorithm>

namespace skymill::radio {

namespace {

/// What tables that correct the same data must share. @throws Error (input)
void require_one_array(const ObservationHeader& first, const ObservationHeader& other) {
  const auto refuse = [&](const std::string& what, const std::string& hint) {
    throw Error(ErrorKind::input, "'" + first.source + "' and '" + other.source + "' " + what,
                hint);
  };
  if (first.telescope != other.telescope) {
    refuse("are of different telescopes, '" + first.telescope + "' and '" + other.telescope + "'",
           "apply together only tables of one array");
  }
  const bool known = first.uvw_sense != UvwSense::unknown && other.uvw_sense != UvwSense::unknown;
  if (known && first.uvw_sense != other.uvw_sense) {
    refuse(
        "were solved from data with opposite senses of UVW, so their phases are of opposite "
        "signs",
        "solve them again from data of one origin");
  }
}

void require_science(const std::string& path) {
  if (path.find("NON_SCIENCE") == std::string::npos) return;
  throw Error(ErrorKind::input, "the calibration table '" + path + "' is named NON_SCIENCE",
              "solutions that were given up are not applied; name others");
}

}  // namespace

TableSet::TableSet(const Lane::Token& token, const std::vector<std::string>& paths,
                   const PipelineContext& ctx) {
  for (const std::string& path : paths) {
    require_science(path);
    tables_.push_back({path, CalTableReader(token, path)});
    for (const std::string& note : tables_.back().reader.notes()) {
      ctx.log().info("'" + path + "': " + note);
    }
    require_one_array(*tables_.front().reader.header(), *tables_.back().reader.header());
  }
  std::stable_sort(tables_.begin(), tables_.end(), [](const Table& a, const Table& b) {
    return a.reader.term() < b.reader.term();
  });
}

std::string TableSet::terms() const {
  std::string text;
  for (const Table& table : tables_) text += letter(table.reader.term());
  return text;
}

std::shared_ptr<const ObservationHeader> TableSet::header() const {
  return tables_.front().reader.header();
}

std::size_t TableSet::bytes() const {
  std::size_t sum = 0;
  for (const Table& table : tables_) sum += table.reader.bytes();
  return sum;
}

Calibration TableSet::read(const PipelineContext& ctx) {
  Calibration calibration;
  for (Table& table : tables_) {
    const std::size_t notes = table.reader.notes().size();
    auto term = std::make_shared<const Solutions>(table.reader.read(ctx.lane_token()));
    for (std::size_t k = notes; k < table.reader.notes().size(); ++k) {
      ctx.log().warning("'" + table.path + "': " + table.reader.notes()[k]);
    }
    const SolutionCounts counts = count_solutions(*term);
    if (counts.flagged == counts.solutions) {
      ctx.degrade("'" + table.path + "' has no good solution: all " +
                  std::to_string(counts.solutions) + " are flagged");
    }
    ctx.record("tables", table_row(calibration.terms.size(), table.path, *term));
    ctx.log().info(table_sentence(table.path, *term));
    ctx.count("solutions", static_cast<std::int64_t>(counts.solutions));
    ctx.count("solutions_flagged", static_cast<std::int64_t>(counts.flagged));
    calibration.terms.push_back(std::move(term));
  }
  return calibration;
}

std::string table_ending(JonesTerm term, int number) {
  const char lower = static_cast<char>(letter(term)[0] - 'A' + 'a');
  return "." + (number > 1 ? std::to_string(number) : std::string()) + lower + "cal";
}

std::vector<std::string> table_history(const Calibration& calibration, const Solutions& term,
                                       const std::vector<std::string>& parameters,
                                       const PipelineContext& ctx) {
  std::string names;
  for (const auto& each : calibration.terms) {
    names +=
        (names.empty() ? "" : ", ") + std::string(letter(each->term)) + " '" + each->name + "'";
  }
  std::vector<std::string> history{
      "term '" + term.name + "' of the calibration " + names,
      "solved from '" + (term.header ? term.header->source : std::string()) + "'",
      "run " + ctx.run_id()};
  history.insert(history.end(), parameters.begin(), parameters.end());
  return history;
}

}  // namespace skymill::radio
