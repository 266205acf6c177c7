// SPDX-License-Identifier: GPL-3.0-or-later
// Scans of files that do not exist.
#pragma once

#include <stages/uvh5/utc_text.h>
#include <stages/uvh5_groups/file_name.h>
#include <stages/uvh5_groups/grouping.h>

#include <cstdio>
#include <string>
#include <vector>

namespace skymill::radio::synthetic {

constexpr double kGroupSeconds = 24 * 12.884901888;

inline double julian(double unix_s) { return unix_s / 86400 + 2440587.5; }

/// `…_sbNN.hdf5` with this time in its name.
inline std::string path_of(double name_s, int subband, const std::string& folder = "/in/") {
  char end[16];
  std::snprintf(end, sizeof end, "_sb%02d.hdf5", subband);
  return folder + utc_seconds_text(name_s) + end;
}

/// A good file of the DSA-110, whose first integration is centred on `start_s`.
inline ScannedFile file(double start_s, int subband, double jitter_s = 0) {
  ScannedFile scanned;
  scanned.path = path_of(start_s - 6.4 + jitter_s, subband);
  scanned.bytes = 139'000'000;
  scanned.modified_s = start_s + kGroupSeconds;
  HeaderFacts facts;
  facts.telescope = "OVRO_MMA";
  facts.dsa110 = true;
  facts.start_jd = julian(start_s);
  facts.times = 24;
  facts.baselines = 4656;
  facts.antenna_print = 0x1234;
  facts.pointing_dec_rad = 0.6457;
  facts.subband = subband;
  const double top_hz = 1498.65e6 - subband * 11.71875e6;
  facts.low_hz = top_hz - 11.5e6;
  facts.high_hz = top_hz;
  scanned.facts = facts;
  return scanned;
}

/// All sixteen.
inline std::vector<ScannedFile> observation(double start_s) {
  std::vector<ScannedFile> files;
  for (int subband = 0; subband < 16; ++subband) files.push_back(file(start_s, subband));
  return files;
}

}  // namespace skymill::radio::synthetic
