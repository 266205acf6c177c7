// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace skymill::radio {

/// What the header of a UVH5 file says that decides to which group it belongs.
struct HeaderFacts {
  std::string telescope;
  bool dsa110 = false;  ///< made by the correlator of the DSA-110
  double start_jd = 0;  ///< UTC, centre of the first integration
  std::size_t times = 0;
  std::size_t baselines = 0;
  std::uint64_t antenna_print = 0;  ///< checksum of the antennas of an integration's rows
  double pointing_dec_rad = 0;
  double low_hz = 0;  ///< centres of the outermost channels
  double high_hz = 0;
  std::optional<int> subband;  ///< of the DSA-110's sixteen, by its frequencies
};

/// A file as it was found.
struct ScannedFile {
  std::string path;
  std::uintmax_t bytes = 0;
  double modified_s = 0;             ///< seconds since 1970
  std::optional<HeaderFacts> facts;  ///< nothing for files that are still written
  std::string problem;               ///< why the header cannot be read; empty when it can
};

/// Opens a file and reads its header.
/// @throws Error (input) when it cannot be read, or header and data differ in their shapes
HeaderFacts scan_header(const std::string& path);

}  // namespace skymill::radio
