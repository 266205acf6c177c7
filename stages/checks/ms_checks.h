// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/lane.h>
#include <stages/data/visibilities.h>

#include <array>
#include <map>
#include <string>
#include <vector>

namespace skymill::radio {

enum class CheckLevel { fail, warn };

/// One check of a product: what was measured, and against what.
struct Check {
  std::string name;
  CheckLevel level = CheckLevel::fail;
  bool passed = true;
  double measured = 0;
  double limit = 0;
  std::string unit;
  std::string where;  ///< what was measured, and in which column, window, row or field
};

struct MsCheckSettings {
  bool expect_model = false;
  bool expect_corrected = false;
  /// Geocentric ITRF positions by antenna name, metres, to compare with; empty compares none.
  std::map<std::string, std::array<double, 3>> antennas_m;
  /// Other levels than those of the checks, by their names.
  std::map<std::string, CheckLevel> levels;
};

/// The names of all checks, to which levels can be given.
const std::vector<std::string>& ms_check_names();

/// Checks a MeasurementSet (dsa110.md 2.8): tables, frequencies, phase centres, times, uvw against
/// the antennas, and the data themselves.
///
/// Light columns are looked at in all rows, in blocks; data, flags and weights in 96 samples of 64
/// rows spread evenly over windows and times; DATA also bit for bit in the rows of which Skymill's
/// writer kept checksums. Limits follow from the set's own antenna table and intervals, so that
/// they hold for any telescope. What cannot be looked at because of something unexpected fails.
/// Runs in the set's lane.
std::vector<Check> check_ms(const Lane::Token& token, const std::string& path,
                            const MsCheckSettings& settings = {});

/// The checks of that level that did not pass, one sentence each.
std::vector<std::string> failures(const std::vector<Check>& checks, CheckLevel level);

}  // namespace skymill::radio
