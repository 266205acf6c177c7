// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/tables/Tables/Table.h>
#include <stages/ms/main_columns.h>
#include <stages/ms/ms_inspection.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::radio::wall {

/// Sums of samples taken while a table is written, to be compared with what stands in it.
///
/// To read a whole product again would cost as much as a third of writing it. So some rows of every
/// chunk are summed, at a place that changes from chunk to chunk; when there are many sums, every
/// second one is dropped and only every second chunk is looked at from then on. All windows and
/// times have their part in it, at no more than 128 tiles to be read again. What it proves is that
/// casacore gives back, bit for bit, what it was given; a fault of a disk shows only when the
/// operating system no longer holds the file in memory.
class WrittenSamples {
 public:
  void add(const CellRange& range, const std::vector<std::complex<float>>& data);

  /// Puts the sums into a keyword of the column DATA, so that also a later look can compare.
  void write(casacore::Table& ms) const;
  static std::vector<MsWrittenSample> read(const casacore::Table& ms);

 private:
  std::vector<MsWrittenSample> samples_;
  std::uint64_t chunks_ = 0;
  std::uint64_t stride_ = 1;
};

}  // namespace skymill::radio::wall
