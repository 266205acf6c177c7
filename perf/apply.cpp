// SPDX-License-Identifier: GPL-3.0-or-later
// Corrections of visibilities in memory against a copy of the same bytes, in turn, one thread.
// `perf_apply [ANTENNAS [CHANNELS [TURNS]]] [--json FILE]`: B, G and K terms, two parallel hands.
#include <stages/gains/correction.h>

#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "figures.h"
#include "least_time.h"

using namespace skymill::radio;
using skymill::perf::Figures;
using skymill::perf::LeastTime;
using skymill::perf::take;

namespace {

constexpr double kTime_s = 60950.3 * 86400;
constexpr double kWidth_hz = 244140.625;
constexpr std::size_t kTimes = 4;

std::shared_ptr<const ObservationHeader> header_of(std::size_t antennas, std::size_t channels) {
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

Solutions term_of(JonesTerm term, const std::shared_ptr<const ObservationHeader>& header) {
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

Visibilities rows_of(const std::shared_ptr<const ObservationHeader>& header) {
  Visibilities rows;
  rows.header = header;
  rows.nchan = header->spectral_windows[0].chan_freq_hz.size();
  rows.ncorr = 2;
  const std::size_t antennas = header->antennas.size();
  for (std::size_t t = 0; t < kTimes; ++t) {
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

int run(std::size_t antennas, std::size_t channels, int turns, const Figures& figures) {
  const auto header = header_of(antennas, channels);
  Calibration calibration;
  for (const JonesTerm term : {JonesTerm::K, JonesTerm::B, JonesTerm::G}) {
    calibration.terms.push_back(std::make_shared<const Solutions>(term_of(term, header)));
  }
  CorrectionOptions plain, unweighted;
  unweighted.terms.calwt = {false};
  Calibration gappy = calibration;
  Solutions holes = *calibration.terms[1];
  for (std::size_t k = 0; k < holes.flag.size(); k += 50) holes.flag[k] = 1;
  gappy.terms[1] = std::make_shared<const Solutions>(std::move(holes));
  const Visibilities given = rows_of(header);
  const std::size_t data_bytes = given.data.size() * sizeof(std::complex<float>);
  Visibilities rows = given, copy = given;
  LeastTime copied, first, weighted, bare, gaps;
  const Correction with_weights(calibration, plain), without(calibration, unweighted),
      with_gaps(gappy, plain);
  for (int turn = 0; turn < turns; ++turn) {
    take(copied, [&] {
      std::memcpy(static_cast<void*>(copy.data.data()), given.data.data(), data_bytes);
      std::memcpy(copy.flag.data(), given.flag.data(), given.flag.size());
    });
    take(first, [&] { Correction(calibration, plain)(rows); });
    // As in a stream: every integration is new, the tables are not.
    const auto next = [&](const Correction& correct, LeastTime& best) {
      rows = given;
      for (double& time_s : rows.time_s) time_s += 0.01 * turn;
      take(best, [&] { correct(rows); });
    };
    next(with_weights, weighted);
    next(without, bare);
    next(with_gaps, gaps);
    rows = given;
  }
  std::printf("%zu rows x %zu channels x 2 hands, K and B nearest, G linear in time\n",
              given.rows(), channels);
  std::printf("%-34s %8.1f ms  %6.2f GB/s\n", "copy of data and flags", 1e3 * copied.cpu,
              1e-9 * static_cast<double>(data_bytes + given.flag.size()) / copied.cpu);
  const auto show = [&](const char* metric, const char* what, const LeastTime& time) {
    figures.add(metric, time.cpu, "s", {"peer", copied.cpu});
    std::printf("%-34s %8.1f ms  %6.0f Mcorr/s  %5.0f %% of the copy's speed\n", what,
                1e3 * time.cpu, 1e-6 * static_cast<double>(given.data.size()) / time.cpu,
                100 * copied.cpu / time.cpu);
  };
  show("met_first", "corrected, tables met first", first);
  show("with_weights", "corrected, weights too", weighted);
  show("without_weights", "corrected, weights as they are", bare);
  show("with_flags", "corrected, weights, every 50th flag", gaps);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Figures figures("apply", argc, argv);
  const auto number = [&](int place, int otherwise) {
    return argc > place ? std::atoi(argv[place]) : otherwise;
  };
  try {
    return run(static_cast<std::size_t>(number(1, 96)), static_cast<std::size_t>(number(2, 768)),
               number(3, 15), figures);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
