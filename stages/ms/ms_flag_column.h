// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/ms/ms_reader.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// Writes FLAG and FLAG_ROW of selected rows and channels into a MeasurementSet that exists; what
/// is not selected stays. FLAG_ROW becomes true where all of a row is flagged, and false elsewhere
/// if all channels are selected. All work is done on one lane, and the object must be finished or
/// destroyed there too.
class SKYMILL_API MsFlagColumn {
 public:
  /// @throws Error (failed) when the MeasurementSet may not be written or another program has
  ///         locked it
  MsFlagColumn(const Lane::Token& token, const std::string& path, const MsSelection& selection);
  ~MsFlagColumn();
  MsFlagColumn(MsFlagColumn&&) noexcept;
  MsFlagColumn& operator=(MsFlagColumn&&) noexcept;

  /// @param first  of the rows, counted in the selection as MsReader counts them
  /// @return the flags that stood there before, FLAG_ROW folded in, [row][chan][corr]
  /// @throws Error (input) when the rows are not those of the MeasurementSet
  std::vector<std::uint8_t> put(const Lane::Token& token, std::size_t first,
                                const Visibilities& rows);

  void finish(const Lane::Token& token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
