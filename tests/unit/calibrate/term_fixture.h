// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/calibration.h>
#include <stages/data/visibilities.h>

#include <complex>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "calibrator.h"

namespace skymill::radio {

/// Solutions for the antennas of a header with this gain at every interval, cell and polarisation.
using SolvedGain = std::function<std::complex<double>(std::size_t interval, std::size_t cell,
                                                      std::size_t pol, std::size_t antenna)>;

inline Solutions made_solutions(JonesTerm term, std::shared_ptr<const ObservationHeader> header,
                                const std::vector<double>& times_s,
                                std::vector<SolutionChannels> frequencies, const SolvedGain& gain) {
  Solutions solutions;
  solutions.term = term;
  solutions.name = std::string("my.") + letter(term);
  solutions.header = header;
  solutions.mode = "ap";
  for (const Antenna& antenna : header->antennas) solutions.antennas.push_back(antenna.name);
  solutions.pols = {9, 12};
  solutions.frequencies = std::move(frequencies);
  for (const double time_s : times_s) solutions.intervals.push_back({time_s, time_s, time_s, 0, 1});
  solutions.resize();
  std::fill(solutions.flag.begin(), solutions.flag.end(), 0);
  for (std::size_t i = 0; i < times_s.size(); ++i) {
    for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
      for (std::size_t p = 0; p < 2; ++p) {
        for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
          const std::size_t place = solutions.index(i, f, p, a);
          const std::complex<double> value = gain(i, f, p, a);
          if (term == JonesTerm::K) {
            solutions.delay_ns[place] = static_cast<float>(value.real());
          } else {
            solutions.gain[place] = std::complex<float>(value);
          }
        }
      }
    }
  }
  return solutions;
}

/// One cell for the whole of a window.
inline SolutionChannels whole_window(const ObservationHeader& header, int data_desc_id = 0) {
  const auto& freq_hz =
      header.spectral_windows.at(static_cast<std::size_t>(data_desc_id)).chan_freq_hz;
  const double width_hz =
      header.spectral_windows.at(static_cast<std::size_t>(data_desc_id)).chan_width_hz.front();
  return {data_desc_id, 0, freq_hz.size(), (freq_hz.front() + freq_hz.back()) / 2,
          freq_hz.back() - freq_hz.front() + width_hz};
}

/// One cell a channel.
inline std::vector<SolutionChannels> single_channels(const ObservationHeader& header,
                                                     int data_desc_id = 0) {
  const SpectralWindow& window = header.spectral_windows.at(static_cast<std::size_t>(data_desc_id));
  std::vector<SolutionChannels> cells;
  for (std::size_t c = 0; c < window.chan_freq_hz.size(); ++c) {
    cells.push_back({data_desc_id, c, 1, window.chan_freq_hz[c], window.chan_width_hz[c]});
  }
  return cells;
}

inline Calibration calibration_of(std::vector<Solutions> terms) {
  Calibration calibration;
  for (Solutions& term : terms) {
    calibration.terms.push_back(std::make_shared<const Solutions>(std::move(term)));
  }
  return calibration;
}

/// What `apply` makes of all rows.
inline Visibilities applied(const ApplyParams& params, const Calibration& calibration,
                            const Visibilities& rows) {
  const PipelineContext ctx = testing::make_context().with_stage("apply").with_product(
      side_product_key("apply", "solutions"), Calibration::kDataKind,
      std::make_shared<const Calibration>(calibration));
  return std::move(*Apply(params)(cut_rows(rows, 0, rows.rows()), ctx));
}

}  // namespace skymill::radio
