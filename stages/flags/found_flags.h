// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/data_kind.h>
#include <stages/data/visibilities.h>
#include <stages/flags/flag_bits.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace skymill::radio {

/// Two antennas in any order, as one number.
inline std::uint64_t pair_key(std::int32_t antenna1, std::int32_t antenna2) {
  const auto low = static_cast<std::uint32_t>(antenna1 < antenna2 ? antenna1 : antenna2);
  const auto high = static_cast<std::uint32_t>(antenna1 < antenna2 ? antenna2 : antenna1);
  return (std::uint64_t{low} << 32) | high;
}

/// What `flag_rfi` or `aoflag` has found, by data description, time and baseline, for `flag` to lay
/// on the same data when they are read again: in any chunks and in any order.
struct FoundFlags {
  static constexpr DataKind kDataKind{"found_flags", 1};

  /// Integrations that were looked at together.
  struct Window {
    std::vector<double> time_s;           ///< ascending
    std::vector<std::uint64_t> baseline;  ///< ascending pair_key
    std::size_t nchan = 0;
    std::size_t first = 0;  ///< byte of [baseline][time][nchan in bits]
  };

  std::vector<std::vector<Window>> windows;  ///< by data description, in ascending times
  std::shared_ptr<FlagBits> bits;

  /// From the beginning of the first integration to the end of the last, MJD UTC seconds.
  struct Scan {
    double begin_s = 0, end_s = 0;
  };
  std::map<std::int32_t, Scan> scans;  ///< by number

  /// The bits of a row, whether they are all 0 or not; nothing when nobody looked at it.
  /// @throws Error (input) when the row has other channels than those that were looked at
  std::optional<std::size_t> place_of(const Visibilities& rows, std::size_t row) const;

  /// Bytes held in memory.
  std::size_t bytes() const;
};

}  // namespace skymill::radio
