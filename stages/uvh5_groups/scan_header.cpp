// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/uvh5_file.h>
#include <stages/uvh5_groups/scanned_file.h>

#include <algorithm>

// The one place of this stage that knows how headers are read.
namespace skymill::radio {

namespace {

/// FNV-1a over the bytes of the values.
void add_print(std::uint64_t& print, const std::vector<std::int32_t>& values) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (std::size_t k = 0; k < values.size() * sizeof(std::int32_t); ++k) {
    print = (print ^ bytes[k]) * 1099511628211ull;
  }
}

}  // namespace

HeaderFacts scan_header(const std::string& path) {
  const Uvh5File file(path);
  const Uvh5Header& header = file.header();
  HeaderFacts facts;
  facts.telescope = header.telescope_name;
  facts.dsa110 = header.phasing == Phasing::meridian && header.instrument == "DSA";
  facts.start_jd = header.time_first_jd;
  facts.times = header.times;
  facts.baselines = header.baselines;
  // The reader compares all rows of a group; those of the first integration tell groups apart.
  const Uvh5Rows rows = file.read_rows(0, std::min(header.baselines, header.rows), false);
  facts.antenna_print = 14695981039346656037ull;
  add_print(facts.antenna_print, rows.antenna1);
  add_print(facts.antenna_print, rows.antenna2);
  facts.pointing_dec_rad = header.pointing_dec_rad;
  const auto ends = std::minmax_element(header.freq_hz.begin(), header.freq_hz.end());
  facts.low_hz = *ends.first;
  facts.high_hz = *ends.second;
  if (facts.dsa110) facts.subband = dsa110_subband(header);
  return facts;
}

}  // namespace skymill::radio
