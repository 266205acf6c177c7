// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <stages/data/visibilities.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Rows of a table of joined windows that still lack some of these.
///
/// Every window brings the same rows in the same order, but each at its own pace; a row is kept
/// here, without its data, from the first window that brings it to the last.
class PendingRows {
 public:
  /// Where a chunk's rows go: from row `first`; the last `fresh` of them are new in the table.
  struct Place {
    std::uint64_t first = 0;
    std::size_t fresh = 0;
  };
  /// Rows that have all their windows now, and leave.
  struct Complete {
    std::uint64_t first = 0;
    std::vector<std::uint8_t> all_bad;  ///< [row]
    std::vector<float> weight;          ///< [row][corr] mean over windows that are not all bad
  };

  PendingRows(std::size_t windows, std::size_t ncorr);

  /// Takes the next rows of a window.
  /// @throws Error(input), beginning with `named`, when they are not those of the other windows
  Place take(std::size_t window, const Visibilities& chunk, const std::string& named);
  /// Some rows have all their windows.
  bool ready() const;
  /// Weights of such rows differ between windows; what is flagged altogether does not count.
  bool varies() const;
  Complete complete();

  std::uint64_t first() const { return first_; }
  /// Number of rows, from first(), that this window has brought.
  std::size_t brought(std::size_t window) const {
    return static_cast<std::size_t>(next_[window] - first_);
  }
  /// Weights [row][corr] that a window has brought for the rows from first().
  std::vector<float> weights(std::size_t window) const;
  /// All windows have brought all rows.
  bool empty() const { return rows_.empty(); }

 private:
  struct Row {
    double time_s = 0;
    std::int32_t antenna1 = 0;
    std::int32_t antenna2 = 0;
    std::int32_t field_id = 0;
  };
  struct Share {
    std::vector<float> weight;          ///< [row][corr]
    std::vector<std::uint8_t> all_bad;  ///< [row]
  };

  std::size_t complete_rows() const;
  bool counts(const Share& share, std::size_t row) const;

  std::size_t ncorr_;
  std::uint64_t first_ = 0;  ///< table row of rows_.front()
  std::vector<Row> rows_;
  std::vector<std::uint64_t> next_;  ///< [window] table row that comes next
  std::vector<Share> shares_;        ///< [window] from first_
};

/// For each row of a chunk, whether all of its samples are flagged.
std::vector<std::uint8_t> all_flagged(const Visibilities& chunk);

}  // namespace skymill::radio::wall
