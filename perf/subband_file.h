// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/geometry/earth_time.h>
#include <stages/uvh5/uvh5_file.h>
#include <stages/uvh5/uvh5_writer.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::perf {

constexpr std::size_t kAntennas = 96, kRows = kAntennas * (kAntennas + 1) / 2, kTimes = 24;
constexpr std::size_t kChannels = 48, kPols = 2, kRow = kChannels * kPols;

/// Noise of a few bits beside a slope: compresses about as the data do.
inline std::vector<std::complex<float>> integration(std::size_t time) {
  std::vector<std::complex<float>> cells(kRows * kRow);
  std::uint32_t state = static_cast<std::uint32_t>(time) * 7919U + 1U;
  for (auto& cell : cells) {
    state = state * 1664525U + 1013904223U;
    const auto re = static_cast<float>(state >> 20U), im = static_cast<float>(state >> 8U & 0xfffU);
    cell = {re / 64.0F - 32.0F, im / 64.0F - 32.0F};
  }
  return cells;
}

/// A subband of `times` integrations as the correlator writes it.
inline void make_writer_file(const std::string& path, std::size_t times = kTimes) {
  using namespace skymill::radio;
  Uvh5Subband subband;
  subband.position = {-2.0644, 0.6498, 1222};
  const auto centre = geocentric_m(subband.position);
  for (std::size_t k = 0; k < 117; ++k) {
    Antenna antenna;
    antenna.name = std::to_string(k + 1);
    antenna.position_m = centre;
    antenna.position_m[0] += 5.0 * static_cast<double>(k);
    antenna.diameter_m = 4.65;
    subband.antennas.push_back(antenna);
  }
  subband.antennas_in_data = kAntennas;
  subband.baselines = kRows;
  for (std::size_t c = 0; c < kChannels; ++c) {
    subband.freq_hz.push_back(1498643188.0 - 244140.625 * static_cast<double>(c));
  }
  subband.polarizations = {-5, -6};
  subband.pointing_dec_rad = 0.65;
  Uvh5Writer writer(path, subband);
  for (std::size_t t = 0; t < times; ++t) {
    Uvh5Rows rows;
    Uvh5Cells cells;
    for (std::int32_t a = 0; a < std::int32_t{kAntennas}; ++a) {
      for (std::int32_t b = a; b < std::int32_t{kAntennas}; ++b) {
        rows.antenna1.push_back(a);
        rows.antenna2.push_back(b);
      }
    }
    rows.time_jd.assign(kRows, 2460950.5 + 12.884902 / 86400 * static_cast<double>(t));
    rows.interval_s.assign(kRows, 12.884902);
    rows.uvw_m.assign(3 * kRows, 1.0);
    cells.data = integration(t);
    cells.flag.assign(kRows * kRow, 0);
    cells.nsamples.assign(kRows * kRow, 96);
    writer.append(rows, cells);
  }
  writer.finish();
}

}  // namespace skymill::perf
