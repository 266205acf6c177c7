// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/solutions.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// Reads a calibration table in CASA's format (calibration.md 4.1) of type K, B, G or T, by anyone,
/// without writing or locking anything in it.
///
/// Rows are taken together to intervals: those of one field, scan and observation whose times lie
/// closer than half the least step of any window, for CASA gives every window the mean time of its
/// own samples (`Solutions::cell_time_s` keeps each). What has no row is flagged. Values that are
/// not finite are flagged as well. Errors are of kind `input` and name the table, and where known
/// column and row.
class SKYMILL_API CalTableReader {
 public:
  /// Reads the subtables and all columns but those of values.
  /// @throws Error (input) when it is no table of these types, is damaged, or its rows name
  ///         antennas, windows or fields that its subtables do not have
  CalTableReader(const Lane::Token& token, const std::string& path);
  ~CalTableReader();
  CalTableReader(CalTableReader&&) noexcept;
  CalTableReader& operator=(CalTableReader&&) noexcept;

  JonesTerm term() const;
  /// `source` is the path, `data_descriptions` have one entry for every spectral window, and times
  /// are those of the first and last solution when OBSERVATION leaves its range out.
  std::shared_ptr<const ObservationHeader> header() const;
  /// What was missing or strange and what was assumed instead, one sentence each, for the log.
  const std::vector<std::string>& notes() const;
  /// What read() will hold.
  std::size_t bytes() const;

  /// The values; once. Closes the table.
  Solutions read(const Lane::Token& token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
