// SPDX-License-Identifier: GPL-3.0-or-later
// Meridian centres of 24 integrations in a batch against 24 full chains, in turn; milliseconds.
// `perf_centres [TABLE] [--json FILE]`, a table of Earth orientation that has 2025-10-02.
#include <stages/geometry/sky_frames.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>

#include "figures.h"

using namespace skymill::radio;

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;
constexpr double kDec = 16.3 * kDegree;
constexpr int kTurns = 301;
const GeodeticPosition kSite{-118.2817 * kDegree, 37.2314 * kDegree, 1222};

template <class Work>
double milliseconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

void show(const char* what, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  std::printf("%s: minimum %.4f ms, median %.4f ms\n", what, ms.front(), ms[ms.size() / 2]);
}

int run(const char* table, const skymill::perf::Figures& figures) {
  const EarthOrientation earth = EarthOrientation::find(table);
  std::vector<double> batch_ms, full_ms, ratios;
  double apart = 0;
  for (int turn = 0; turn < kTurns; ++turn) {
    std::vector<double> times;
    for (int k = 0; k < 24; ++k) {
      // Another start each turn, so that some batches reach over a node.
      times.push_back(60950.1 * 86400 + 61.0 * turn + 12.884901888 * k);
    }
    std::vector<Direction> batch, full;
    batch_ms.push_back(milliseconds([&] { batch = meridian_centres(times, kSite, kDec, earth); }));
    full_ms.push_back(milliseconds([&] {
      for (const double time_s : times) {
        full.push_back(SkyFrame(time_s, kSite, earth.at(time_s)).icrs_of(0, kDec));
      }
    }));
    ratios.push_back(full_ms.back() / batch_ms.back());
    for (std::size_t k = 0; k < times.size(); ++k) {
      apart = std::max({apart, std::abs(batch[k].ra_rad - full[k].ra_rad),
                        std::abs(batch[k].dec_rad - full[k].dec_rad)});
    }
  }
  std::sort(ratios.begin(), ratios.end());
  show("24 centres in a batch", batch_ms);
  std::printf("  slowest of %d: %.4f ms\n", kTurns,
              *std::max_element(batch_ms.begin(), batch_ms.end()));
  show("24 full chains", full_ms);
  std::printf("full / batch: minimum %.1f, median %.1f\n", ratios.front(), ratios[kTurns / 2]);
  std::printf("largest difference %.3f micro-arcsec\n", apart / kDegree * 3600e6);
  figures.add("batch", 1e-3 * *std::min_element(batch_ms.begin(), batch_ms.end()), "s",
              {"peer", 1e-3 * *std::min_element(full_ms.begin(), full_ms.end())});
  figures.add("difference", apart / kDegree * 3600, "arcsec");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const skymill::perf::Figures figures("centres", argc, argv);
  try {
    return run(argc > 1 ? argv[1] : "", figures);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
