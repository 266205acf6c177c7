// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/solutions.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// What solutions do not say about their table.
struct CalTableOptions {
  std::string application = "skymill";  ///< HISTORY.APPLICATION
  std::vector<std::string> history;     ///< HISTORY.MESSAGE, one row each
};

/// Writes a calibration table in CASA's format by all rules of calibration.md 4.1.
///
/// One row for every window, time and antenna; antennas without a solution are flagged. The two
/// feeds of K, B and G always have a place each; T has one for both. Values at flagged cells are 1
/// (K: 0), but those of B and all errors and SNR stay as they are. Windows of K, G and T are
/// written as one channel at the frequency of their solution, and those without solutions get
/// FLAG_ROW. What data the gains belong to (`ObservationHeader::uvw_sense`) stands in the keyword
/// UVW_CONVENTION and in HISTORY, and the kinds of their feeds in CORRELATIONS.
///
/// @param path  of the draft; must not exist; the caller renames the finished table
/// @throws Error (input) for solutions that have no such form: without intervals or header, K, G or
///         T with several channels in a window, T that differs between polarisations
SKYMILL_API void write_cal_table(const Lane::Token& token, const std::string& path,
                                 const Solutions& solutions, const CalTableOptions& options = {});

}  // namespace skymill::radio
