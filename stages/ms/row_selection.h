// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/tables/Tables/RefRows.h>
#include <casacore/tables/Tables/Table.h>
#include <stages/ms/ms_reader.h>

#include <cstddef>
#include <vector>

namespace skymill::radio::wall {

/// The selected rows, ordered stably by DATA_DESC_ID, kept as runs of consecutive table rows: an
/// MS with one description and no autocorrelations needs one run, however many rows it has.
class RowSelection {
 public:
  /// Passes once over the columns that decide, and completes `header` (rows, times, max_uvw_m).
  /// @param chosen by table row; empty = all
  RowSelection(const casacore::Table& ms, const MsSelection& wanted,
               const std::vector<bool>& chosen, ObservationHeader& header);

  const std::vector<MsSegment>& segments() const { return segments_; }

  /// Segment that holds row `first` of the selection; throws Error(input) when there is none.
  const MsSegment& segment_of(std::size_t first) const;

  /// Table rows of `count` rows of the selection; they must lie in one segment.
  casacore::RefRows table_rows(std::size_t first, std::size_t count) const;

 private:
  struct Run {
    std::size_t table_row;
    std::size_t first;  ///< number of its first row in the selection
    std::size_t count;
  };

  std::vector<Run> runs_;
  std::vector<MsSegment> segments_;
};

}  // namespace skymill::radio::wall
