// SPDX-License-Identifier: GPL-3.0-or-later
// Flagging of interference, beside AOFlagger's library where that was found when this was built:
// millions of visibilities a CPU second of one thread, in turn, and what both find of what was
// injected.
//
//   perf_flag [TIMES CHANNELS BASELINES TURNS] [--json FILE]
#include <stages/kernels/find_interference.h>

#include <algorithm>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

#ifdef SKYMILL_PERF_AOFLAGGER
#include <aoflagger.h>
#endif

#include "figures.h"

using namespace skymill::kernels;

namespace {

constexpr std::size_t kCorr = 2;

struct Size {
  std::size_t times = 24, channels = 768, baselines = 100;
  std::size_t cells() const { return times * channels; }
};

struct Baseline {
  std::vector<std::complex<float>> data;  ///< [time][chan][corr]
  std::vector<char> bad, found;           ///< [time][chan]
};

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// A source of 1 and noise of 1 a part, with a carrier and a block of four channels of 8.
Baseline simulated(const Size& size, std::mt19937& random) {
  std::normal_distribution<float> noise;
  Baseline one;
  one.bad.assign(size.cells(), 0);
  for (std::size_t t = 0; t < size.times; ++t) {
    one.bad[t * size.channels + size.channels / 7] = 1;
    for (std::size_t c = 0; c < 4 && t > 5 && t < 12; ++c) {
      one.bad[t * size.channels + size.channels / 2 + c] = 1;
    }
  }
  for (std::size_t i = 0; i < size.cells() * kCorr; ++i) {
    const float strength = one.bad[i / kCorr] != 0 ? 8.0F : 0.0F;
    one.data.emplace_back(noise(random) + 1 + strength, noise(random) + strength);
  }
  return one;
}

/// CPU seconds, from visibilities to flags.
double run_ours(const Size& size, std::vector<Baseline>& all) {
  const double start = cpu_s();
  const std::vector<std::uint8_t> none(size.channels * kCorr);
  std::vector<std::vector<float>> amplitude(all.size());
  std::vector<std::vector<std::uint8_t>> bits(all.size());
  std::vector<const float*> in;
  std::vector<std::uint8_t*> out;
  const std::size_t row = size.channels * kCorr;
  for (std::size_t b = 0; b < all.size(); ++b) {
    amplitude[b].resize(size.cells() * kCorr);
    for (std::size_t t = 0; t < size.times; ++t) {
      row_amplitudes(&all[b].data[t * row], none.data(), size.channels, kCorr,
                     &amplitude[b][t * row]);
    }
    bits[b].resize(size.times * found_bytes(size.channels));
    in.push_back(amplitude[b].data());
    out.push_back(bits[b].data());
  }
  find_interference(in, {size.times, kCorr, size.channels}, {}, 1, out);
  const double spent = cpu_s() - start;
  for (std::size_t b = 0; b < all.size(); ++b) {
    all[b].found.resize(size.cells());
    for (std::size_t i = 0; i < size.cells(); ++i) {
      const std::size_t c = i % size.channels;
      const std::uint8_t byte = bits[b][i / size.channels * found_bytes(size.channels) + c / 8];
      all[b].found[i] = static_cast<char>(byte >> (c % 8) & 1);
    }
  }
  return spent;
}

#ifdef SKYMILL_PERF_AOFLAGGER
/// CPU seconds of the strategy alone, without filling its images.
double run_aoflagger(const Size& size, std::vector<Baseline>& all) {
  aoflagger::AOFlagger flagger;
  auto strategy =
      flagger.LoadStrategyFile(flagger.FindStrategyFile(aoflagger::TelescopeId::GENERIC_TELESCOPE));
  double spent = 0;
  for (Baseline& one : all) {
    auto images = flagger.MakeImageSet(size.times, size.channels, 2 * kCorr);
    for (std::size_t i = 0; i < size.cells() * kCorr; ++i) {
      const std::size_t k = i % kCorr, c = i / kCorr % size.channels, t = i / kCorr / size.channels;
      const std::size_t place = c * images.HorizontalStride() + t;
      images.ImageBuffer(2 * k)[place] = one.data[i].real();
      images.ImageBuffer(2 * k + 1)[place] = one.data[i].imag();
    }
    const double start = cpu_s();
    const auto mask = strategy.Run(images);
    spent += cpu_s() - start;
    one.found.resize(size.cells());
    for (std::size_t i = 0; i < size.cells(); ++i) {
      const std::size_t c = i % size.channels, t = i / size.channels;
      one.found[i] = mask.Buffer()[c * mask.HorizontalStride() + t] ? 1 : 0;
    }
  }
  return spent;
}
#endif

double report(const char* name, const Size& size, const std::vector<Baseline>& all, double spent) {
  std::size_t bad = 0, found = 0, wrong = 0;
  for (const Baseline& one : all) {
    for (std::size_t i = 0; i < size.cells(); ++i) {
      bad += one.bad[i] != 0 ? 1 : 0;
      found += one.bad[i] != 0 && one.found[i] != 0 ? 1 : 0;
      wrong += one.bad[i] == 0 && one.found[i] != 0 ? 1 : 0;
    }
  }
  const auto cells = static_cast<double>(size.cells() * all.size());
  const double rate = cells * kCorr / spent / 1e6;
  std::printf("%-10s %7.2f Mvis/s  found %6.2f %%  wrong %6.3f %%\n", name, rate,
              100.0 * static_cast<double>(found) / static_cast<double>(bad),
              100.0 * static_cast<double>(wrong) / (cells - static_cast<double>(bad)));
  return rate;
}

}  // namespace

int main(int argc, char** argv) {
  const skymill::perf::Figures figures("flag", argc, argv);
  const auto argument = [&](int k, std::size_t otherwise) {
    return argc > k ? static_cast<std::size_t>(std::atol(argv[k])) : otherwise;
  };
  const Size size{argument(1, 24), argument(2, 768), argument(3, 100)};
  std::mt19937 random(1);
  std::vector<Baseline> all;
  for (std::size_t b = 0; b < size.baselines; ++b) all.push_back(simulated(size, random));
  double best = 0, theirs = 0;
  for (std::size_t turn = 0; turn < argument(4, 3); ++turn) {
    best = std::max(best, report("skymill", size, all, run_ours(size, all)));
#ifdef SKYMILL_PERF_AOFLAGGER
    theirs = std::max(theirs, report("AOFlagger", size, all, run_aoflagger(size, all)));
#endif
  }
  if (theirs > 0) {
    std::printf("ratio of the best %.2f\n", best / theirs);
    figures.add("rate", best, "Mvis/s", {"peer", theirs});
  } else {
    figures.add("rate", best, "Mvis/s");
  }
  return 0;
}
