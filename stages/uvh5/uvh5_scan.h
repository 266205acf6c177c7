// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio {

/// What tells to which observation a UVH5 file belongs, and which part of it it is.
struct Uvh5Scan {
  std::string path;
  std::uint64_t file_bytes = 0;
  std::string telescope_name;
  std::string instrument;

  std::size_t rows = 0;  ///< Nblts
  std::size_t baselines = 0;
  std::size_t times = 0;
  std::size_t channels = 0;
  std::vector<int> polarizations;  ///< AIPS codes in the order of the file

  double time_first_jd = 0;  ///< UTC, of the first row and of the last
  double time_last_jd = 0;
  double interval_s = 0;     ///< of the first row
  double freq_first_hz = 0;  ///< in the order of the file
  double freq_last_hz = 0;
  double width_hz = 0;  ///< of the first channel

  bool meridian = false;             ///< fringe-stopped to the meridian (dsa110.md 1.7)
  double pointing_dec_rad = 0;       ///< `phase_center_dec`; 0 when it is not given
  std::uint64_t baseline_print = 0;  ///< of ant_1 and ant_2 in the first Nbls rows
  std::uint64_t antenna_print = 0;   ///< of antenna_numbers

  bool has_data = false;   ///< Data/visdata has the shape that the header says
  std::string data_fault;  ///< why not
};

/// Reads just that: for a file of the DSA-110 less than 200 kB (dsa110.md 2.2).
/// @throws Error (input) when the file or something of this is missing or unreadable
SKYMILL_API Uvh5Scan scan_uvh5(const std::string& path);

}  // namespace skymill::radio
