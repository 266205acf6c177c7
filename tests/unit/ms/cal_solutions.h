// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <cmath>
#include <complex>
#include <memory>
#include <random>

namespace skymill::radio::test {

/// Four antennas in two windows of 6 channels, the second with descending frequencies below the
/// first, and a third window that nobody solves.
inline std::shared_ptr<const ObservationHeader> cal_header() {
  auto header = std::make_shared<ObservationHeader>();
  header->telescope = "TEST";
  header->observer = "nobody";
  header->source = "/data/night/simulated.ms/";
  for (int a = 0; a < 4; ++a) {
    header->antennas.push_back({"A" + std::to_string(a),
                                "P" + std::to_string(a),
                                {-2409761.2 + 100 * a, -4478100.5, 3838761.5 + 30 * a},
                                4.65,
                                "equatorial"});
  }
  for (int w = 0; w < 3; ++w) {
    SpectralWindow spw;
    spw.name = "W" + std::to_string(w);
    const double step_hz = w == 1 ? -250e3 : 250e3;
    for (int c = 0; c < 6; ++c) {
      spw.chan_freq_hz.push_back(1.4e9 - 20e6 * w + step_hz * c);
      spw.chan_width_hz.push_back(step_hz);
    }
    spw.ref_frequency_hz = spw.chan_freq_hz.front();
    header->spectral_windows.push_back(spw);
    header->data_descriptions.push_back({w, {9, 10, 11, 12}});
  }
  header->fields = {{"3C286", {3.5392, 0.5325, "J2000"}, 5.1e9},
                    {"3C48", {0.4262, 0.5786, "J2000"}, 5.1e9}};
  header->time_first_s = 5.1e9;
  header->time_last_s = 5.1e9 + 600;
  header->rows_per_description = {60, 60, 0};
  header->uvw_sense = UvwSense::two_minus_one;
  return header;
}

/// Solutions with noise in all values: windows 0 and 1 are solved, antenna 2 is dead, and one more
/// cell is flagged.
inline Solutions cal_solutions(JonesTerm term, std::size_t intervals = 3) {
  std::mt19937 random(17 + static_cast<unsigned>(term));
  std::normal_distribution<float> noise;
  Solutions solutions;
  solutions.term = term;
  solutions.name = "simulated";
  solutions.mode = "ap";
  solutions.header = cal_header();
  for (const Antenna& antenna : solutions.header->antennas) {
    solutions.antennas.push_back(antenna.name);
  }
  solutions.pols = {9, 12};
  for (int dd = 0; dd < 2; ++dd) {
    const SpectralWindow& spw = solutions.header->spectral_windows[static_cast<std::size_t>(dd)];
    if (term == JonesTerm::B) {
      for (std::size_t c = 0; c < 6; ++c) {
        solutions.frequencies.push_back({dd, c, 1, spw.chan_freq_hz[c], 250e3});
      }
    } else {
      const double centre_hz = (spw.chan_freq_hz.front() + spw.chan_freq_hz.back()) / 2;
      solutions.frequencies.push_back({dd, 0, 6, centre_hz, 1.5e6});
    }
  }
  for (std::size_t i = 0; i < intervals; ++i) {
    SolutionInterval interval;
    interval.time_s = 5.1e9 + 100.25 * static_cast<double>(i) + 50;
    interval.begin_s = interval.time_s - 49;
    interval.end_s = interval.time_s + 51;
    interval.field_id = i == 2 ? 1 : 0;
    interval.scan_number = static_cast<std::int32_t>(3 + i);
    solutions.intervals.push_back(interval);
  }
  solutions.resize();
  for (std::size_t i = 0; i < intervals; ++i) {
    for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
      for (std::size_t p = 0; p < 2; ++p) {
        solutions.refant[solutions.group(i, f, p)] = 1;
        for (std::size_t a = 0; a < 4; ++a) {
          if (a == 2 || (a == 3 && i == 1 && f == 1)) continue;
          // What the polarisations share is the same in both.
          const bool second = p == 1 && term == JonesTerm::T;
          const std::size_t k = solutions.index(i, f, p, a);
          const std::size_t of = second ? solutions.index(i, f, 0, a) : k;
          const std::complex<float> gain = {1 + 0.1F * noise(random),
                                            a == 1 ? 0.0F : 0.3F * noise(random)};
          solutions.flag[k] = 0;
          solutions.snr[k] = second ? solutions.snr[of] : 100 + noise(random);
          solutions.error[k] = second ? solutions.error[of] : 0.01F;
          if (term == JonesTerm::K) {
            solutions.delay_ns[k] = a == 1 ? 0 : 10 * noise(random);
          } else {
            solutions.gain[k] = second ? solutions.gain[of] : gain;
          }
        }
      }
    }
  }
  return solutions;
}

}  // namespace skymill::radio::test
