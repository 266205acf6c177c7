// SPDX-License-Identifier: GPL-3.0-or-later
// The wgridder alone on an ALMA-like channel, made here: 40 antennas, 15 km, 436,569 samples,
// single precision, 8000 x 8000 and 512 x 512 pixels, one and two threads. With SKYMILL_DUCC set
// to a library built from ducc_peer.cpp the peer takes turns.
// `perf_wgridder [SIDE [TURNS [WISDOM]]] [--json FILE]`: one image side only; plans from the file
// WISDOM, or measured and kept there.
#include <dlfcn.h>
#include <stages/kernels/fft.h>
#include <stages/kernels/wgridder.h>
#include <sys/resource.h>
#include "alma_channel.h"
#include "figures.h"
#include "least_time.h"

#include <complex>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

using namespace skymill::kernels;
using namespace skymill::perf;

namespace {

/// ducc_peer.cpp, if there is one.
struct Peer {
  using Dirty = void (*)(std::size_t, const double*, double, const Complex*, const float*,
                         std::size_t, double, double, int, std::size_t, float*);
  using Predict = void (*)(std::size_t, const double*, double, const float*, std::size_t, double,
                           double, int, std::size_t, Complex*);
  Peer() {
    const char* path = std::getenv("SKYMILL_DUCC");
    if (path == nullptr) {
      std::printf("peer skipped: SKYMILL_DUCC is not set (perf/README.md)\n");
      return;
    }
    void* library = dlopen(path, RTLD_NOW);
    if (library == nullptr) {
      std::printf("peer skipped: %s\n", dlerror());
      return;
    }
    dirty = reinterpret_cast<Dirty>(dlsym(library, "peer_dirty"));
    predict = reinterpret_cast<Predict>(dlsym(library, "peer_predict"));
  }
  Dirty dirty = nullptr;
  Predict predict = nullptr;
};

/// In the figures a peer counts by its CPU seconds.
void keep(const Figures& figures, const std::string& metric, const LeastTime& ours,
          const LeastTime& peer) {
  figures.add(metric + "_wall", ours.wall, "s");
  figures.add(metric + "_cpu", ours.cpu, "s",
              peer.cpu < 1e300 ? Beside{"peer", peer.cpu} : Beside{nullptr, 0});
}

void show(const char* what, const LeastTime& ours, const LeastTime& peer) {
  std::printf("  %-8s %8.4f s wall %8.4f s CPU %6.1f M samples/s", what, ours.wall, ours.cpu,
              1e-6 * static_cast<double>(kSamples) / ours.wall);
  if (peer.wall < 1e300) {
    std::printf("   peer %8.4f s wall %8.4f s CPU, ratio %.2f", peer.wall, peer.cpu,
                peer.wall / ours.wall);
  }
  std::printf("\n");
}

void measure(std::size_t side, double cell, double longest_m, int turns, const Peer& peer,
             const Figures& figures) {
  const AlmaChannel channel = observe(longest_m);
  std::vector<float> image(side * side);
  std::vector<float> theirs(peer.dirty != nullptr ? side * side : 0);
  std::vector<Complex> vis(channel.vis.size());
  std::vector<float> sparse(side * side);  // a clean model: flux in forty rows
  for (std::size_t k = 0; k < sparse.size(); k += side * (side / 40) + side / 13) {
    sparse[k] = 1;
  }
  for (const double accuracy : {1e-4, 1e-6}) {
    for (const bool w_term : {false, true}) {
      for (const std::size_t threads : {1U, 2U}) {
        WGridderOptions options;
        options.accuracy = accuracy;
        options.w_term = w_term ? WTerm::kAsNeeded : WTerm::kIgnored;
        options.threads = threads;
        const WGridder<float> gridder(side, side, -cell, cell, options);
        const View<float, 2> view(image.data(), {side, side});
        const auto how = gridder.treatment(channel.samples());
        std::printf("%zu^2, accuracy %g, %s, %zu thread(s): %d taps, grid %zu, %zu %s plane(s)\n",
                    side, accuracy, w_term ? "with w" : "without w", threads, how.taps, how.u_size,
                    how.planes, how.whole ? "whole" : "half");
        LeastTime dirty, psf, predict, predict_sparse, their_dirty, their_predict;
        for (int turn = 0; turn < turns; ++turn) {
          take(dirty, [&] { gridder.dirty(channel.samples(), view); });
          if (peer.dirty != nullptr) {
            take(their_dirty, [&] {
              peer.dirty(channel.weight.size(), channel.uvw.data(), kFreq, channel.vis.data(),
                         channel.weight.data(), side, cell, accuracy, w_term ? 1 : 0, threads,
                         theirs.data());
            });
          }
          take(psf, [&] { gridder.psf(channel.samples(), view); });
          take(predict, [&] {
            gridder.predict(view, channel.samples(), {vis.data(), {vis.size(), 1}});
          });
          take(predict_sparse, [&] {
            gridder.predict(View<const float, 2>(sparse.data(), {side, side}), channel.samples(),
                            {vis.data(), {vis.size(), 1}});
          });
          if (peer.predict != nullptr) {
            take(their_predict, [&] {
              peer.predict(channel.weight.size(), channel.uvw.data(), kFreq, image.data(), side,
                           cell, accuracy, w_term ? 1 : 0, threads, vis.data());
            });
          }
        }
        show("dirty", dirty, their_dirty);
        show("psf", psf, {});
        show("predict", predict, their_predict);
        show("sparse", predict_sparse, {});
        const std::string setting = std::to_string(side) + (accuracy > 1e-5 ? "_1e-4" : "_1e-6") +
                                    (w_term ? "_w_" : "_") + std::to_string(threads) + "t_";
        keep(figures, setting + "dirty", dirty, their_dirty);
        keep(figures, setting + "predict", predict, their_predict);
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        std::printf(
            "  peak memory so far %.0f MB%s, bound of the scratch of a call %.0f MB\n",
            static_cast<double>(usage.ru_maxrss) / 1024,
            peer.dirty != nullptr ? " (peer included)" : "",
            1e-6 * static_cast<double>(WGridder<float>::footprint_bytes(
                       side, side, -cell, cell, kSamples, options,
                       {longest_m * kFreq / 299792458.0, longest_m * kFreq / 299792458.0})));
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Figures figures("wgridder", argc, argv);
  try {
    const std::size_t only = argc > 1 ? std::stoul(argv[1]) : 0;
    const int turns = argc > 2 ? std::stoi(argv[2]) : 0;
    const std::string wisdom = argc > 3 ? argv[3] : "";
    if (!wisdom.empty() && !load_wisdom(wisdom)) {
      set_fft_planning(FftPlanning::kMeasure);
    }
    const Peer peer;
    if (only == 0 || only == 512) {
      measure(512, 0.07 * kArcsec, 900, turns > 0 ? turns : 15, peer, figures);
    }
    if (only == 0 || only == 8000) {
      measure(8000, 0.0046 * kArcsec, 15000, turns > 0 ? turns : 3, peer, figures);
    }
    if (!wisdom.empty()) {
      save_wisdom(wisdom);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "perf_wgridder: %s\n", error.what());
    return 1;
  }
}
