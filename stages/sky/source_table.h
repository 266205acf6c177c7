// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/error.h>
#include <stages/data/visibilities.h>

#include <istream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

/// A line of a table of sources, its cells by the names of their columns.
class SourceRow {
 public:
  SourceRow(Where where, std::map<std::string, std::string> cells)
      : where_(std::move(where)), cells_(std::move(cells)) {}

  const Where& where() const { return where_; }
  /// The cell, empty when the table has no such column.
  const std::string& text(const std::string& column) const;
  /// The cell in that unit, as parse_quantity reads it; nothing when it is empty.
  /// @throws Error (input) naming file, line and column
  std::optional<double> quantity(const std::string& column, const std::string& unit) const;
  /// The same of a cell that must be there. @throws Error (input) also when it is empty
  double needed(const std::string& column, const std::string& unit) const;

  /// The cells `ra` and `dec`, as ICRS. @throws Error (input) also for a declination that has
  /// colons, which mean hours, or is beyond the pole
  Direction direction() const;

  /// An error at this line.
  Error fault(const std::string& message, const std::string& hint = {}) const;

 private:
  Where where_;
  std::map<std::string, std::string> cells_;
};

/// Reads comma-separated lines: names of columns first, then one source a line. Empty lines and
/// what stands behind `#` do not count.
/// @param path    for messages
/// @param columns names that may stand in the first line
/// @throws Error (input) naming file and line, when a column is unknown or missing, or a line has
///         more or fewer cells than there are columns
std::vector<SourceRow> read_source_rows(std::istream& in, const std::string& path,
                                        const std::vector<std::string>& columns);

}  // namespace skymill::radio
