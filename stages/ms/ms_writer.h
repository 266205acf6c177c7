// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// What the header does not say about a new MeasurementSet.
struct MsLayout {
  std::string application = "skymill";            ///< HISTORY.APPLICATION
  std::vector<std::string> history;               ///< HISTORY.MESSAGE, one row each
  std::size_t tile_bytes = std::size_t{5} << 18;  ///< bytes of a tile of DATA, 1.25 MiB
};

/// Writes a MeasurementSet, version 2, with the column DATA (calibration.md 4.2).
///
/// WEIGHT_SPECTRUM is made when the first chunk brings one; rows of chunks without it then get
/// their WEIGHT in every channel. SIGMA is 1/sqrt(WEIGHT), or -1 where the weight is not positive
/// (CASA's sign for "no weight"). All work is done on one lane, and the object must be finished or
/// destroyed there too. An object destroyed without finish() removes what it wrote.
class SKYMILL_API MsWriter {
 public:
  /// @param path   of the draft; must not exist; the caller renames the finished table
  /// @param header `rows`, when known, only serves to keep tiles of small tables small
  MsWriter(const Lane::Token& token, const std::string& path,
           std::shared_ptr<const ObservationHeader> header, const MsLayout& layout = {});
  ~MsWriter();
  MsWriter(MsWriter&&) noexcept;
  MsWriter& operator=(MsWriter&&) noexcept;

  /// Adds the rows at the end. Field, antenna and data description numbers are those of the header
  /// given at the start.
  /// @throws Error(input) when array sizes or numbers do not fit that header
  void append(const Lane::Token& token, const Visibilities& chunk);

  /// Completes OBSERVATION's time range, flushes and closes; append() fails afterwards.
  void finish(const Lane::Token& token);

  std::uint64_t rows_written() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
