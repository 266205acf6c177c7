// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5/uvh5_header.h>
#include <stages/uvh5/uvh5_scan.h>
#include <stages/uvh5_groups/scanned_file.h>

#include <algorithm>

// The one place of this stage that knows how headers are read.
namespace skymill::radio {

HeaderFacts scan_header(const std::string& path) {
  const Uvh5Scan scan = scan_uvh5(path);
  if (!scan.has_data) throw Error(ErrorKind::input, "'" + path + "': " + scan.data_fault);
  HeaderFacts facts;
  facts.telescope = scan.telescope_name;
  facts.dsa110 = scan.meridian && scan.instrument == "DSA";
  facts.start_jd = scan.time_first_jd;
  facts.times = scan.times;
  facts.baselines = scan.baselines;
  // The reader compares all rows of a group; those of the first integration tell groups apart.
  facts.antenna_print = scan.baseline_print ^ (31 * scan.antenna_print);
  facts.pointing_dec_rad = scan.pointing_dec_rad;
  facts.low_hz = std::min(scan.freq_first_hz, scan.freq_last_hz);
  facts.high_hz = std::max(scan.freq_first_hz, scan.freq_last_hz);
  if (facts.dsa110) facts.subband = dsa110_subband(facts.low_hz, facts.high_hz, scan.width_hz);
  return facts;
}

}  // namespace skymill::radio
