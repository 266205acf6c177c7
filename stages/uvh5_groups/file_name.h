// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skymill::radio {

/// What the name of a file of the DSA-110's correlator says: `2025-10-02T06:30:06_sb03.hdf5`, with
/// `_incomplete` before the ending while it is being written (dsa110.md 1.5). The time is the
/// wall clock of the host that opened the file, and jitters by up to a minute.
struct SubbandName {
  std::optional<double> time_s;  ///< UTC, seconds since 1970
  std::optional<int> subband;
  bool incomplete = false;
};

SubbandName parse_subband_name(const std::string& path);

/// Seconds since 1970 of a UTC date and time such as 2025-10-02, 2025-10-02T06:30 or
/// 2025-10-02T06:30:06.5; nothing when it is none.
std::optional<double> parse_utc(std::string_view text);

}  // namespace skymill::radio
