// SPDX-License-Identifier: GPL-3.0-or-later
// Corrections of visibilities in memory against a copy of the same bytes, in turn, one thread.
// `perf_apply [ANTENNAS [CHANNELS [TURNS]]]`: B, G and K terms, two parallel hands.
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

#include "least_time.h"
#include "rows_to_correct.h"

using namespace skymill::perf;
using namespace skymill::radio;

namespace {

int run(std::size_t antennas, std::size_t channels, int turns) {
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
  const auto show = [&](const char* what, const LeastTime& time) {
    std::printf("%-34s %8.1f ms  %6.0f Mcorr/s  %5.0f %% of the copy's speed\n", what,
                1e3 * time.cpu, 1e-6 * static_cast<double>(given.data.size()) / time.cpu,
                100 * copied.cpu / time.cpu);
  };
  show("corrected, tables met first", first);
  show("corrected, weights too", weighted);
  show("corrected, weights as they are", bare);
  show("corrected, weights, every 50th flag", gaps);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int place, int otherwise) {
    return argc > place ? std::atoi(argv[place]) : otherwise;
  };
  try {
    return run(static_cast<std::size_t>(number(1, 96)), static_cast<std::size_t>(number(2, 768)),
               number(3, 15));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
