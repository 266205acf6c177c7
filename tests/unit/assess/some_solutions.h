// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <cmath>
#include <complex>
#include <memory>
#include <string>

namespace skymill::radio {

/// Solutions that nothing is wrong with: SNR 50, amplitudes 2, phases that go straight in time and
/// frequency, reference antenna 0.
inline Solutions good_solutions(JonesTerm term, std::size_t antennas = 12,
                                std::size_t intervals = 6, std::size_t frequencies = 1) {
  Solutions s;
  s.term = term;
  s.name = "solve";
  s.mode = "ap";
  s.header = std::make_shared<ObservationHeader>();
  for (std::size_t a = 0; a < antennas; ++a) s.antennas.push_back("ea" + std::to_string(a));
  s.pols = {9, 12};
  for (std::size_t f = 0; f < frequencies; ++f) {
    SolutionChannels channels;
    channels.first_channel = f;
    channels.channels = 1;
    channels.freq_hz = 1.4e9 + 1e6 * static_cast<double>(f);
    channels.width_hz = 1e6;
    s.frequencies.push_back(channels);
  }
  for (std::size_t i = 0; i < intervals; ++i) {
    const double begin_s = 5e9 + 60 * static_cast<double>(i);
    s.intervals.push_back({begin_s, begin_s + 60, begin_s + 30, 0, 1});
  }
  s.resize();
  s.refant.assign(s.refant.size(), 0);
  s.flag.assign(s.flag.size(), 0);
  s.snr.assign(s.snr.size(), 50);
  for (std::size_t i = 0; i < intervals; ++i) {
    for (std::size_t f = 0; f < frequencies; ++f) {
      for (std::size_t p = 0; p < 2; ++p) {
        for (std::size_t a = 0; a < antennas; ++a) {
          const double slope = 0.05 * static_cast<double>(a);
          const double phase = slope * static_cast<double>(i + f);
          if (term == JonesTerm::K) {
            s.delay_ns[s.index(i, f, p, a)] = static_cast<float>(a);
          } else {
            s.gain[s.index(i, f, p, a)] = std::complex<float>(std::polar(2.0, phase));
          }
        }
      }
    }
  }
  return s;
}

}  // namespace skymill::radio
