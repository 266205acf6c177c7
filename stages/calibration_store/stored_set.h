// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/calibration.h>

#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio {

/// A table of a stored set.
struct StoredTable {
  std::string path;  ///< below the folder of the store
  JonesTerm term = JonesTerm::G;
  double first_s = 0;  ///< MJD UTC seconds, first and last solution
  double last_s = 0;
  std::string refant;
  std::int64_t solutions = 0;
  std::int64_t flagged = 0;
};

/// What a spectral window covers.
struct WindowSpan {
  double centre_hz = 0;
  double width_hz = 0;
};

/// Tables that were solved together, and are used together or not at all (calibration.md 5.9).
struct StoredSet {
  std::string name;
  std::string status = "active";  ///< or "retired"
  std::string reason;             ///< of the retirement
  std::string quality = "pass";   ///< "pass", "warn" or "fail"
  std::string telescope;
  std::string calibrator;  ///< names of the fields that were solved on
  UvwSense uvw_sense = UvwSense::unknown;
  double first_s = 0;  ///< MJD UTC seconds, of the data that were solved
  double last_s = 0;
  double valid_from_s = 0;
  double valid_to_s = 0;
  double dec_low_rad = 0;  ///< of the fields that were solved on
  double dec_high_rad = 0;
  std::vector<std::string> antennas;
  std::vector<WindowSpan> windows;
  std::string software;
  std::string source_ms;
  std::string run;
  std::string parameters;
  std::string created_utc;
  std::vector<StoredTable> tables;  ///< in the order in which they are applied

  /// Such as "KBG".
  std::string terms() const;
};

/// What a calibration says of itself; names, paths, verdict and provenance are left to the caller,
/// validity is the time of the solutions.
/// @throws Error (input) for one without terms, of several arrays, or without solutions
StoredSet describe_set(const Calibration& calibration);

/// What the windows of an observation cover.
std::vector<WindowSpan> window_spans(const ObservationHeader& header);

}  // namespace skymill::radio
