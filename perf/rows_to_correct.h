// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>
#include <stages/data/visibilities.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skymill::perf {

using radio::Antenna;
using radio::JonesTerm;
using radio::ObservationHeader;
using radio::Solutions;
using radio::SpectralWindow;
using radio::Visibilities;

constexpr double kTime_s = 60950.3 * 86400;
constexpr double kWidth_hz = 244140.625;
constexpr std::size_t kTimes = 4;

/// An array of `antennas`, one window, two parallel hands.
inline std::shared_ptr<const ObservationHeader> header_of(std::size_t antennas,
                                                          std::size_t channels) {
  auto header = std::make_shared<ObservationHeader>();
  header->source = "memory";
  for (std::size_t a = 0; a < antennas; ++a) {
    Antenna antenna;
    antenna.name = "A" + std::to_string(a);
    header->antennas.push_back(antenna);
  }
  SpectralWindow window;
  for (std::size_t c = 0; c < channels; ++c) {
    window.chan_freq_hz.push_back(1.31e9 + kWidth_hz * static_cast<double>(c));
    window.chan_width_hz.push_back(kWidth_hz);
  }
  header->spectral_windows.push_back(window);
  header->data_descriptions.push_back({0, {9, 12}});
  header->fields.resize(1);
  return header;
}

/// A term for all of it, met in two intervals.
inline Solutions term_of(JonesTerm term, const std::shared_ptr<const ObservationHeader>& header) {
  Solutions solutions;
  solutions.term = term;
  solutions.header = header;
  for (const Antenna& antenna : header->antennas) solutions.antennas.push_back(antenna.name);
  solutions.pols = {9, 12};
  const std::vector<double>& freq_hz = header->spectral_windows[0].chan_freq_hz;
  if (term == JonesTerm::B) {
    for (std::size_t c = 0; c < freq_hz.size(); ++c) {
      solutions.frequencies.push_back({0, c, 1, freq_hz[c], kWidth_hz});
    }
  } else {
    solutions.frequencies.push_back({0, 0, freq_hz.size(), (freq_hz.front() + freq_hz.back()) / 2,
                                     kWidth_hz * static_cast<double>(freq_hz.size())});
  }
  solutions.intervals.push_back({kTime_s - 60, kTime_s - 60, kTime_s - 60, 0, 0});
  solutions.intervals.push_back({kTime_s + 60, kTime_s + 60, kTime_s + 60, 0, 0});
  solutions.resize();
  solutions.flag.assign(solutions.flag.size(), 0);
  for (std::size_t k = 0; k < solutions.gain.size(); ++k) {
    solutions.gain[k] =
        std::polar(1 + 0.001F * static_cast<float>(k % 97), 0.01F * static_cast<float>(k % 311));
  }
  for (std::size_t k = 0; k < solutions.delay_ns.size(); ++k) {
    solutions.delay_ns[k] = 0.1F * static_cast<float>(k % 97);
  }
  return solutions;
}

/// Integrations of all baselines.
inline Visibilities rows_of(const std::shared_ptr<const ObservationHeader>& header,
                            std::size_t times = kTimes) {
  Visibilities rows;
  rows.header = header;
  rows.nchan = header->spectral_windows[0].chan_freq_hz.size();
  rows.ncorr = 2;
  const std::size_t antennas = header->antennas.size();
  for (std::size_t t = 0; t < times; ++t) {
    for (std::size_t a = 0; a < antennas; ++a) {
      for (std::size_t b = a + 1; b < antennas; ++b) {
        rows.time_s.push_back(kTime_s + 12.9 * static_cast<double>(t));
        rows.antenna1.push_back(static_cast<std::int32_t>(a));
        rows.antenna2.push_back(static_cast<std::int32_t>(b));
      }
    }
  }
  rows.field_id.assign(rows.rows(), 0);
  rows.data.assign(rows.rows() * rows.nchan * 2, {1, 0.5F});
  rows.flag.assign(rows.data.size(), 0);
  rows.weight.assign(rows.rows() * 2, 1);
  return rows;
}

}  // namespace skymill::perf
