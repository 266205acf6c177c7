// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>
#include <core/units.h>
#include <stages/sky/source_table.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>
#include <utility>

namespace skymill::radio {

namespace {

constexpr const char* kBlank = " \t\r";

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(kBlank);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line + ",");  // the last cell may be empty
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(trimmed(cell));
  return cells;
}

void require_known(const std::vector<std::string>& names, const std::vector<std::string>& columns,
                   const Where& where) {
  for (const std::string& name : names) {
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) continue;
    std::string list;
    for (const std::string& one : columns) list += (list.empty() ? "" : ", ") + one;
    const std::string meant = did_you_mean(name, columns);
    throw Error(ErrorKind::input, where, "there is no column '" + name + "'",
                (meant.empty() ? "" : meant + " ") + "the columns are: " + list);
  }
}

}  // namespace

const std::string& SourceRow::text(const std::string& column) const {
  static const std::string kEmpty;
  const auto found = cells_.find(column);
  return found == cells_.end() ? kEmpty : found->second;
}

std::optional<double> SourceRow::quantity(const std::string& column,
                                          const std::string& unit) const {
  const std::string& cell = text(column);
  if (cell.empty()) return std::nullopt;
  try {
    return parse_quantity(cell, unit);
  } catch (const QuantityError& problem) {
    throw fault("the " + column + " '" + cell + "' cannot be read: " + problem.what(),
                problem.hint());
  }
}

double SourceRow::needed(const std::string& column, const std::string& unit) const {
  const std::optional<double> value = quantity(column, unit);
  if (!value) throw fault("there is no " + column);
  return *value;
}

Direction SourceRow::direction() const {
  if (text("dec").find(':') != std::string::npos) {
    throw fault("the dec '" + text("dec") + "' has colons, which mean hours",
                "write it as +30d30m32.96s");
  }
  const Direction direction{needed("ra", "rad"), needed("dec", "rad"), "ICRS"};
  if (std::abs(direction.dec_rad) > std::numbers::pi / 2) {
    throw fault("the dec '" + text("dec") + "' is beyond the pole");
  }
  return direction;
}

Error SourceRow::fault(const std::string& message, const std::string& hint) const {
  return {ErrorKind::input, where_, message, hint};
}

std::vector<SourceRow> read_source_rows(std::istream& in, const std::string& path,
                                        const std::vector<std::string>& columns) {
  std::vector<SourceRow> rows;
  std::vector<std::string> names;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    const Where where{path, ++number, 0};
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (names.empty()) {
      require_known(cells, columns, where);
      names = cells;
      continue;
    }
    if (cells.size() != names.size()) {
      throw Error(ErrorKind::input, where,
                  "the line has " + std::to_string(cells.size()) + " cells for " +
                      std::to_string(names.size()) + " columns");
    }
    std::map<std::string, std::string> by_name;
    for (std::size_t k = 0; k < names.size(); ++k) by_name[names[k]] = cells[k];
    rows.emplace_back(where, std::move(by_name));
  }
  if (names.empty()) {
    throw Error(ErrorKind::input, "'" + path + "' has no line with the names of columns");
  }
  return rows;
}

}  // namespace skymill::radio
