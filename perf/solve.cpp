// SPDX-License-Identifier: GPL-3.0-or-later
// Solving for gains and delays by one thread: `perf_solve [TURNS] [--json FILE]`. Samples of 96
// antennas and two polarisations (parallel hands) are added to sums and solved; a plain copy takes
// turns with them.
#include <stages/calibrate/solution_slots.h>
#include <stages/kernels/delay_fit.h>
#include <stages/sky/model_params.h>
#include <stages/sky/model_sky.h>
#include <stages/sky/model_visibilities.h>

#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "figures.h"
#include "least_time.h"

namespace {

using namespace skymill;
using namespace skymill::perf;
using namespace skymill::radio;

constexpr std::size_t kAntennas = 96;
constexpr std::size_t kBaselines = kAntennas * (kAntennas - 1) / 2;
constexpr std::size_t kTimes = 8;
constexpr double kStart_s = 60950.0 * 86400;
constexpr double kStep_s = 12.884901888;

/// A point source of 10 Jy in the phase centre, gains that differ, noise of 2 Jy a sample.
struct Data {
  std::shared_ptr<ObservationHeader> header = std::make_shared<ObservationHeader>();
  std::vector<Visibilities> integrations;

  explicit Data(std::size_t channels) {
    SpectralWindow window;
    for (std::size_t c = 0; c < channels; ++c) {
      window.chan_freq_hz.push_back(1.28e9 + 244140.625 * static_cast<double>(c));
      window.chan_width_hz.push_back(244140.625);
    }
    header->spectral_windows = {window};
    header->data_descriptions = {{0, {9, 12}}};
    header->antennas.resize(kAntennas);
    header->fields.resize(1);
    header->rows = kBaselines * kTimes;
    header->rows_per_description = {header->rows};
    header->time_first_s = kStart_s;
    header->time_last_s = kStart_s + kStep_s * (kTimes - 1);
    std::mt19937 random(3);
    std::normal_distribution<float> noise(0, 2.0F / std::sqrt(2.0F));
    std::uniform_real_distribution<double> turn(0, 6.28), amplitude(0.7, 1.3), delay(-8e-9, 8e-9);
    std::vector<std::complex<double>> gain;
    std::vector<double> delay_s;
    for (std::size_t a = 0; a < kAntennas; ++a) {
      gain.push_back(std::polar(amplitude(random), turn(random)));
      delay_s.push_back(delay(random));
    }
    for (std::size_t t = 0; t < kTimes; ++t) {
      Visibilities rows;
      rows.header = header;
      rows.nchan = channels;
      rows.ncorr = 2;
      for (std::size_t i = 0; i < kAntennas; ++i) {
        for (std::size_t j = i + 1; j < kAntennas; ++j) {
          rows.time_s.push_back(kStart_s + kStep_s * static_cast<double>(t));
          rows.interval_s.push_back(kStep_s);
          rows.exposure_s.push_back(kStep_s);
          rows.antenna1.push_back(static_cast<std::int32_t>(i));
          rows.antenna2.push_back(static_cast<std::int32_t>(j));
          rows.field_id.push_back(0);
          rows.scan_number.push_back(1);
          rows.uvw_m.insert(rows.uvw_m.end(), {300, 200, 10});
          rows.weight.insert(rows.weight.end(), {0.25F, 0.25F});
          for (std::size_t c = 0; c < channels; ++c) {
            const double phase =
                6.283185307179586 * (delay_s[i] - delay_s[j]) * 244140.625 * static_cast<double>(c);
            const auto value =
                std::complex<float>(10.0 * gain[i] * std::conj(gain[j]) * std::polar(1.0, phase));
            for (int p = 0; p < 2; ++p) {
              rows.data.push_back(value + std::complex<float>(noise(random), noise(random)));
            }
          }
        }
      }
      rows.flag.assign(rows.data.size(), 0);
      integrations.push_back(std::move(rows));
    }
  }

  double samples() const {
    return static_cast<double>(integrations.size() * integrations.front().data.size());
  }
};

struct Case {
  const char* metric;
  const char* words;
  const char* term;
  const char* solve_per;
  const char* solint;
  LeastTime all{}, adding{};
};

SolveParams params_of(const Case& one) {
  SolveParams params;
  params.flux = 10;
  params.term = one.term;
  params.solve_per = one.solve_per;
  params.solint = one.solint;
  return params;
}

void run_case(const Data& data, Case& one) {
  const SolveParams params = params_of(one);
  Lanes lanes;
  const ModelParams sky = model_of(params);
  std::vector<ModelVisibilities> model{
      ModelVisibilities(model_sky(sky, *data.header, lanes), sky, data.header)};
  {
    // Intervals stay open for as long as nothing follows: what is left is nearly all adding.
    SolveParams whole = params;
    whole.solint = "inf";
    SolutionSlots slots(whole, solve_layout(*data.header, whole), data.header, 1);
    slots.add(data.integrations.front(), model);  // the memory is there
    take(one.adding, [&] {
      for (const Visibilities& rows : data.integrations) slots.add(rows, model);
    });
  }
  take(one.all, [&] {
    SolutionSlots slots(params, solve_layout(*data.header, params), data.header, 1);
    for (const Visibilities& rows : data.integrations) slots.add(rows, model);
    const Solutions solutions = slots.finish();
    if (solutions.intervals.empty()) std::abort();
  });
}

/// Adding by several threads, of a model of some sources: wall seconds.
struct Adding {
  const char* words;
  std::size_t sources;
  LeastTime one{}, two{};
};

void run_adding(const Data& data, Adding& adding) {
  SolveParams params = params_of({"", "", "B", "auto", "inf"});
  for (std::size_t k = 0; k < adding.sources; ++k) {
    params.sources.push_back(std::to_string(k) + "arcsec 100arcsec 1Jy");
  }
  Lanes lanes;
  const ModelParams sky = model_of(params);
  std::vector<ModelVisibilities> models(
      2, ModelVisibilities(model_sky(sky, *data.header, lanes), sky, data.header));
  for (const std::size_t threads : {1, 2}) {
    SolutionSlots slots(params, solve_layout(*data.header, params), data.header, threads);
    slots.add(data.integrations.front(), models);  // the memory is there
    take(threads == 1 ? adding.one : adding.two, [&] {
      for (const Visibilities& rows : data.integrations) slots.add(rows, models);
    });
  }
}

/// A delay of 96 antennas from 768 channels, two polarisations, sums already made.
struct Delays {
  std::size_t channels = 768;
  std::vector<double> re, im, b, freq_hz;

  Delays() {
    std::mt19937 random(5);
    std::normal_distribution<double> noise;
    std::uniform_real_distribution<double> delay(-4e-7, 4e-7), turn(0, 6.28);
    std::vector<double> delay_s, phase;
    for (std::size_t a = 0; a < kAntennas; ++a) {
      delay_s.push_back(delay(random));
      phase.push_back(turn(random));
    }
    for (std::size_t c = 0; c < channels; ++c) {
      freq_hz.push_back(1.28e9 + 244140.625 * static_cast<double>(c));
    }
    for (std::size_t i = 0; i < kAntennas; ++i) {
      for (std::size_t j = i + 1; j < kAntennas; ++j) {
        for (int p = 0; p < 2; ++p) {
          for (const double freq : freq_hz) {
            const std::complex<double> value =
                std::polar(3.0, 6.283185307179586 * (delay_s[i] - delay_s[j]) * (freq - 1.35e9) +
                                    phase[i] - phase[j]) +
                std::complex<double>(noise(random), noise(random));
            re.push_back(value.real());
            im.push_back(value.imag());
            b.push_back(1);
          }
        }
      }
    }
  }

  void solve() const {
    for (std::size_t p = 0; p < 2; ++p) {
      const std::size_t first = p * channels;
      const auto solution = kernels::fit_delays(
          {kAntennas, channels, 2 * channels, &re[first], &im[first], &b[first]}, freq_hz, {});
      if (!solution.converged) std::abort();
    }
  }
};

int run(int turns, const Figures& figures) {
  const Data data(48);
  Case cases[] = {{"channel_int", "channel, each integration", "G", "channel", "int"},
                  {"channel_inf", "channel, inf", "B", "auto", "inf"},
                  {"window_int", "window, each integration", "G", "auto", "int"},
                  {"window_inf", "window, inf", "G", "auto", "inf"}};
  Adding adding[] = {{"a source in the phase centre", 0}, {"100 sources", 100}};
  const Delays delays;
  LeastTime delay_time, copy_time;
  std::vector<char> from(std::size_t{1} << 27, 1), to(from.size());
  for (int turn = 0; turn < turns; ++turn) {
    for (Case& one : cases) run_case(data, one);
    for (Adding& one : adding) run_adding(data, one);
    take(delay_time, [&] { delays.solve(); });
    take(copy_time, [&] { std::memcpy(to.data(), from.data(), from.size()); });
  }
  const double copy_gbs = static_cast<double>(from.size()) / copy_time.cpu / 1e9;
  std::printf(
      "%zu antennas, 48 channels, 2 polarisations, %zu integrations; one thread, least CPU "
      "seconds of %d turns; memory copy %.1f GB/s\n",
      kAntennas, kTimes, turns, copy_gbs);
  std::printf("%-28s %10s %14s %14s\n", "solutions", "s", "Mvis/s", "adding Mvis/s");
  for (const Case& one : cases) {
    std::printf("%-28s %10.3f %14.1f %14.1f\n", one.words, one.all.cpu,
                data.samples() / one.all.cpu / 1e6, data.samples() / one.adding.cpu / 1e6);
    // A sample is a pair of floats.
    figures.add(one.metric, one.all.cpu, "s",
                {"limit", data.samples() * sizeof(std::complex<float>) / copy_gbs / 1e9});
  }
  for (const Adding& one : adding) {
    std::printf(
        "adding, %-28s wall %.3f s by one thread, %.3f s by two: %.2f times; CPU %.3f, %.3f s\n",
        one.words, one.one.wall, one.two.wall, one.one.wall / one.two.wall, one.one.cpu,
        one.two.cpu);
  }
  const double delay_bytes = static_cast<double>(delays.re.size() * 3 * sizeof(double));
  std::printf("delays, 768 channels         %10.3f s: %.1f copies of its sums\n", delay_time.cpu,
              delay_time.cpu / (delay_bytes / copy_gbs / 1e9));
  figures.add("delays", delay_time.cpu, "s", {"limit", delay_bytes / copy_gbs / 1e9});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Figures figures("solve", argc, argv);
  try {
    return run(argc > 1 ? std::atoi(argv[1]) : 7, figures);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
