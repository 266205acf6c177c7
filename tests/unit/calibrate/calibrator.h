// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibrate/apply_stage.h>
#include <stages/calibrate/solve_stage.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <utility>
#include <vector>

#include "../stages/small_observation.h"
#include "context_state.h"

namespace skymill::radio {

/// A point source of 3 Jy in the phase centre, as nine antennas see it.
inline SimulateParams calibrator_params(double noise = 0) {
  SimulateParams params;
  params.antennas = 9;
  params.times = 4;
  params.interval = 10;
  params.nchan = 3;
  params.noise = noise;
  params.sources = {"0arcsec 0arcsec 3Jy"};
  return params;
}

/// The gain of an antenna by channel, hand and time.
using GainOf = std::function<std::complex<double>(std::size_t antenna, std::size_t channel,
                                                  std::size_t hand, double time_s)>;

/// Differs in antenna, channel and hand; steady.
inline std::complex<double> steady_gain(std::size_t antenna, std::size_t channel, std::size_t hand,
                                        double = 0) {
  const auto a = static_cast<double>(antenna), c = static_cast<double>(channel),
             h = static_cast<double>(hand);
  return std::polar(0.2 + 0.03 * a + 0.01 * c + 0.02 * h,
                    1.1 * a + 0.3 * c * a + 0.5 * h * a + 0.2);
}

/// Multiplies data by g_i conj(g_j), as a receiver would.
inline void corrupt(const GainOf& gain, Visibilities& rows) {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto a1 = static_cast<std::size_t>(rows.antenna1[row]);
    const auto a2 = static_cast<std::size_t>(rows.antenna2[row]);
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      for (std::size_t k = 0; k < rows.ncorr; ++k) {
        auto& value = rows.data[(row * rows.nchan + c) * rows.ncorr + k];
        value = std::complex<float>(std::complex<double>(value) * gain(a1, c, k, rows.time_s[row]) *
                                    std::conj(gain(a2, c, k, rows.time_s[row])));
      }
    }
  }
}

/// Flags all rows of an antenna.
inline void flag_antenna(std::int32_t antenna, Visibilities& rows) {
  const std::size_t cells = rows.nchan * rows.ncorr;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (rows.antenna1[row] != antenna && rows.antenna2[row] != antenna) continue;
    std::fill_n(&rows.flag[row * cells], cells, 1);
  }
}

/// Largest |g / truth - 1|, where the truth has phase 0 at antenna `ref`.
inline double worst(const Solutions& solutions, const GainOf& truth, std::size_t ref) {
  double most = 0;
  for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
    const std::size_t c = solutions.frequencies[f].first_channel;
    for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
      const auto turn = std::conj(truth(ref, c, p, 0)) / std::abs(truth(ref, c, p, 0));
      for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
        const std::complex<double> gain = solutions.gain[solutions.index(0, f, p, a)];
        most = std::max(most, std::abs(gain / (truth(a, c, p, 0) * turn) - 1.0));
      }
    }
  }
  return most;
}

/// A simulation as a receiver with such gains would see it.
inline SmallObservation corrupted(const SimulateParams& params, const GainOf& gain) {
  SmallObservation all = small_observation(params);
  corrupt(gain, all.rows);
  return all;
}

/// Two windows 100 MHz apart as two data descriptions, subband by subband.
struct TwoWindows {
  std::shared_ptr<const ObservationHeader> header;
  Visibilities rows[2];

  /// @param gain  of antenna, channel counted over both windows (5 to the next), hand and time
  explicit TwoWindows(const GainOf& gain = steady_gain,
                      const SimulateParams& sky = calibrator_params()) {
    SimulateParams params = sky;
    auto joined = std::make_shared<ObservationHeader>();
    for (int dd = 0; dd < 2; ++dd) {
      params.freq = 1.3e9 + 1e8 * dd;
      params.seed = static_cast<std::size_t>(1 + dd);
      SmallObservation one = small_observation(params);
      corrupt(
          [&](std::size_t a, std::size_t c, std::size_t h, double time_s) {
            return gain(a, c + static_cast<std::size_t>(5 * dd), h, time_s);
          },
          one.rows);
      if (dd == 0) {
        *joined = *one.header;
      } else {
        joined->spectral_windows.push_back(one.header->spectral_windows[0]);
        joined->data_descriptions.push_back({1, {9, 12}});
        joined->rows_per_description.push_back(one.header->rows);
        joined->rows += one.header->rows;
      }
      rows[dd] = std::move(one.rows);
      rows[dd].data_desc_id = dd;
    }
    header = joined;
    for (Visibilities& part : rows) part.header = header;
  }

  /// @param by_time  the descriptions take turns at each integration
  std::vector<Chunk<Visibilities>> chunks(bool by_time) const {
    std::vector<Chunk<Visibilities>> first = in_chunks(rows[0], 36),
                                     second = in_chunks(rows[1], 36);
    std::vector<Chunk<Visibilities>> all;
    for (std::size_t k = 0; k < first.size(); ++k) {
      all.push_back(std::move(first[k]));
      if (by_time) all.push_back(std::move(second[k]));
    }
    if (!by_time) std::move(second.begin(), second.end(), std::back_inserter(all));
    return all;
  }
};

inline SolveParams solve_params() {
  SolveParams params;
  params.flux = 3;
  params.solve_per = "channel";
  params.combine = {"scan", "field"};
  params.refant = {"A2"};
  params.tolerance = 1e-9;
  return params;
}

/// What `solve` makes of chunks, run as a real run would.
inline Solutions solve(const SolveParams& params, std::vector<Chunk<Visibilities>> chunks,
                       std::shared_ptr<const ObservationHeader> header, int threads = 1) {
  Solutions solutions;
  testing::run_stage<Solve>(
      params, std::move(chunks), visibility_spec(std::move(header)),
      [&](const Chunk<Calibration>& chunk) { solutions = *chunk->terms.back(); },
      {threads, std::size_t{1} << 28});
  return solutions;
}

/// The context in which `apply` finds these solutions.
inline PipelineContext apply_context(const Solutions& solutions) {
  return testing::make_context().with_stage("apply").with_product(
      side_product_key("apply", "solutions"), Calibration::kDataKind,
      std::make_shared<const Calibration>(
          Calibration{{std::make_shared<const Solutions>(solutions)}}));
}

inline Visibilities apply(const ApplyParams& params, const Solutions& solutions,
                          Chunk<Visibilities> chunk) {
  return std::move(*Apply(params)(std::move(chunk), apply_context(solutions)));
}

}  // namespace skymill::radio
