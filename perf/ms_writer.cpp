// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a DSA-like MeasurementSet from data made in memory, in the order of uvh5_reader: some
// integrations of one subband after the other. Prints seconds and the peak of memory.
#include <stages/ms/ms_writer.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "figures.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr std::size_t kChannels = 48;

std::shared_ptr<ObservationHeader> make_header(std::size_t antennas, std::size_t subbands,
                                               std::size_t integrations) {
  auto header = std::make_shared<ObservationHeader>();
  header->telescope = "DSA_110";
  for (std::size_t k = 0; k < antennas; ++k) {
    const double along = 10.0 * static_cast<double>(k);
    header->antennas.push_back({std::to_string(k + 1),
                                std::to_string(k + 1),
                                {-2409150.0 + along, -4478573.0 + along, 3838617.0},
                                4.65});
  }
  const std::size_t rows = antennas * (antennas + 1) / 2 * integrations;
  for (std::size_t k = 0; k < subbands; ++k) {
    SpectralWindow window;
    for (std::size_t chan = 0; chan < kChannels; ++chan) {
      window.chan_freq_hz.push_back(1.311e9 +
                                    244140.625 * static_cast<double>(k * kChannels + chan));
      window.chan_width_hz.push_back(244140.625);
    }
    window.ref_frequency_hz = window.chan_freq_hz.front();
    header->spectral_windows.push_back(window);
    header->data_descriptions.push_back({static_cast<int>(k), {9, 12}});
    header->rows_per_description.push_back(rows);
  }
  header->rows = rows * subbands;
  for (std::size_t k = 0; k < integrations; ++k) {
    header->fields.push_back(
        {"t" + std::to_string(k), {1.0 + 1e-3 * static_cast<double>(k), 0.6, "ICRS"}, 5e9});
  }
  header->time_first_s = 5e9;
  header->time_last_s = 5e9 + 12.884902 * static_cast<double>(integrations - 1);
  return header;
}

Visibilities make_chunk(std::size_t antennas, std::size_t band) {
  Visibilities chunk;
  chunk.nchan = kChannels;
  chunk.ncorr = 2;
  for (std::size_t t = 0; t < band; ++t) {
    for (std::size_t a = 0; a < antennas; ++a) {
      for (std::size_t b = a; b < antennas; ++b) {
        chunk.antenna1.push_back(static_cast<int>(a));
        chunk.antenna2.push_back(static_cast<int>(b));
        chunk.time_s.push_back(0);
        chunk.field_id.push_back(static_cast<int>(t));
        for (int k = 0; k < 3; ++k)
          chunk.uvw_m.push_back(10.0 * (static_cast<double>(a) - static_cast<double>(b)));
      }
    }
  }
  const std::size_t rows = chunk.rows();
  chunk.interval_s.assign(rows, 12.884902);
  chunk.exposure_s.assign(rows, 12.884902);
  chunk.scan_number.assign(rows, 1);
  chunk.data.assign(rows * kChannels * 2, {1, 2});
  chunk.flag.assign(rows * kChannels * 2, 0);
  chunk.weight.assign(rows * 2, 96);
  return chunk;
}

long peak_kib() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.compare(0, 6, "VmHWM:") == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const perf::Figures figures("ms_writer", argc, argv);
  if (argc < 5) {
    std::fprintf(
        stderr,
        "usage: ms_writer <new MS> <antennas> <subbands> <integrations> [joined] [--json FILE]\n");
    return 2;
  }
  const std::size_t antennas = std::strtoul(argv[2], nullptr, 10);
  const std::size_t subbands = std::strtoul(argv[3], nullptr, 10);
  const std::size_t integrations = std::strtoul(argv[4], nullptr, 10);
  const std::size_t band = 4;
  auto header = make_header(antennas, subbands, integrations);
  Visibilities chunk = make_chunk(antennas, band);
  chunk.header = header;
  const std::size_t baselines = antennas * (antennas + 1) / 2;
  const long before = peak_kib();
  const auto start = std::chrono::steady_clock::now();
  Lane lane("bench");
  std::uint64_t rows = 0;
  lane.run([&](const Lane::Token& token) {
    MsLayout layout;

    layout.integration_rows = baselines;
    layout.join_windows = argc > 5;

    MsWriter writer(token, argv[1], header, layout);
    for (std::size_t t = 0; t < integrations; t += band) {
      for (std::size_t row = 0; row < chunk.rows(); ++row) {
        const std::size_t k = t + row / baselines;
        chunk.time_s[row] = 5e9 + 12.884902 * static_cast<double>(k);
        chunk.field_id[row] = static_cast<int>(k % integrations);
      }
      for (std::size_t k = 0; k < subbands; ++k) {
        chunk.data_desc_id = static_cast<int>(k);
        writer.append(token, chunk);
      }
    }
    rows = writer.rows_written();
    writer.finish(token);
  });
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%llu rows in %.2f s, VmHWM %ld MB (%ld MB before)\n",
              static_cast<unsigned long long>(rows), seconds, peak_kib() / 1024, before / 1024);
  const std::string times = argv[4];
  const double samples = static_cast<double>(rows * kChannels) * 2;
  figures.add("rate_" + times, 1e-6 * samples / seconds, "Mvis/s");
  figures.add("peak_" + times, 1024.0 * static_cast<double>(peak_kib()), "B");
}
