// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/ms/ms_reader.h>

#include <complex>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// Writes MODEL_DATA of selected rows and channels into a MeasurementSet that exists.
///
/// A column that is missing is made, with tiles as DATA's and zero wherever nothing is put; one
/// that exists keeps what is not selected. From the first put to finish() the column carries a
/// keyword by which MsReader refuses to read it; an object destroyed without finish() removes a
/// column of its own making, and leaves the keyword in one that it has changed. All work is done
/// on one lane, and the object must be finished or destroyed there too.
class SKYMILL_API MsModelColumn {
 public:
  /// @throws Error (input) when there is no column DATA, or (failed) when the MeasurementSet may
  ///         not be written or another program has locked it
  MsModelColumn(const Lane::Token& token, const std::string& path, const MsSelection& selection);
  ~MsModelColumn();
  MsModelColumn(MsModelColumn&&) noexcept;
  MsModelColumn& operator=(MsModelColumn&&) noexcept;

  /// @param first   of the rows, counted in the selection as MsReader counts them
  /// @param samples [row][chan][corr] of the selected channels; rows of one segment
  void put(const Lane::Token& token, std::size_t first,
           const std::vector<std::complex<float>>& samples);

  void finish(const Lane::Token& token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
