// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/visibilities.h>
#include <stages/ms/ms_reader.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// Which columns take what corrected rows bring.
struct CorrectedColumns {
  bool data = true;     ///< CORRECTED_DATA
  bool flags = true;    ///< FLAG
  bool weights = true;  ///< WEIGHT, SIGMA, and WEIGHT_SPECTRUM where there is one
};

/// Writes corrected rows into a MeasurementSet that exists, beside DATA, which is not touched.
///
/// A CORRECTED_DATA that is missing is made, with tiles as DATA's and a copy of DATA wherever
/// nothing is put; one that exists keeps what is not selected. Until finish() it carries a keyword
/// by which MsReader refuses to read it. Before the first weight changes, WEIGHT and
/// WEIGHT_SPECTRUM are copied to SKYMILL_WEIGHT and SKYMILL_WEIGHT_SPECTRUM, which MsReader takes
/// as the weights of DATA from then on: correcting once more starts where the first time did.
/// SIGMA follows as WEIGHT^-1/2 (calibration.md 5.8).
///
/// All work is done on one lane, and the object must be finished or destroyed there too. Destroyed
/// without finish() it removes a column of its own making.
class SKYMILL_API MsCorrectedColumn {
 public:
  /// @throws Error (input) when there is no column DATA, or (failed) when the MeasurementSet may
  ///         not be written or another program has locked it
  MsCorrectedColumn(const Lane::Token& token, const std::string& path, const MsSelection& selection,
                    const CorrectedColumns& columns);
  ~MsCorrectedColumn();
  MsCorrectedColumn(MsCorrectedColumn&&) noexcept;
  MsCorrectedColumn& operator=(MsCorrectedColumn&&) noexcept;

  /// @param first  of the rows, counted in the selection as MsReader counts them
  /// @param rows   of one segment, with the selected channels
  /// @throws Error (input) when times or antennas are not those of the table
  void put(const Lane::Token& token, std::size_t first, const Visibilities& rows);

  /// Says in HISTORY, and for MsReader in CORRECTED_DATA, what was done.
  /// @param application  that did it, with its version
  /// @param history      one line each
  void finish(const Lane::Token& token, const std::string& application,
              const std::vector<std::string>& history);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
