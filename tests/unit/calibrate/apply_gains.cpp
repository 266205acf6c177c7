// SPDX-License-Identifier: GPL-3.0-or-later
// Corrects ones by gains from standard input, for compare_with_sma.py. In: antennas, intervals and
// times, then the intervals' times, `re im flag` by interval, polarisation and antenna, and the
// times. Out: `re im flag` by time, baseline and polarisation.
#include <stages/gains/correction.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

using namespace skymill::radio;

namespace {

constexpr double kFreq_hz = 230e9, kWidth_hz = 2e9;

std::shared_ptr<const ObservationHeader> header_of(std::size_t antennas) {
  auto header = std::make_shared<ObservationHeader>();
  header->source = "ones";
  header->antennas.resize(antennas);
  for (std::size_t a = 0; a < antennas; ++a) header->antennas[a].name = "A" + std::to_string(a);
  header->spectral_windows.push_back({"window", {kFreq_hz}, {kWidth_hz}, 5, kFreq_hz});
  header->data_descriptions.push_back({0, {9, 12}});
  header->fields.resize(1);
  return header;
}

void run() {
  std::size_t antennas = 0, intervals = 0, times = 0;
  std::cin >> antennas >> intervals >> times;
  auto solutions = std::make_shared<Solutions>();
  solutions->header = header_of(antennas);
  for (const Antenna& antenna : solutions->header->antennas) {
    solutions->antennas.push_back(antenna.name);
  }
  solutions->pols = {9, 12};
  solutions->frequencies.push_back({0, 0, 1, kFreq_hz, kWidth_hz});
  solutions->intervals.resize(intervals);
  for (SolutionInterval& interval : solutions->intervals) {
    std::cin >> interval.time_s;
    interval.begin_s = interval.end_s = interval.time_s;
  }
  solutions->resize();
  for (std::size_t k = 0; k < solutions->gain.size(); ++k) {
    float re = 0, im = 0;
    int flag = 0;
    std::cin >> re >> im >> flag;
    solutions->gain[k] = {re, im};
    solutions->flag[k] = static_cast<std::uint8_t>(flag);
  }
  Visibilities rows;
  rows.header = solutions->header;
  rows.nchan = 1;
  rows.ncorr = 2;
  for (std::size_t t = 0; t < times; ++t) {
    double time_s = 0;
    std::cin >> time_s;
    for (std::size_t a = 0; a < antennas; ++a) {
      for (std::size_t b = a + 1; b < antennas; ++b) {
        rows.time_s.push_back(time_s);
        rows.antenna1.push_back(static_cast<std::int32_t>(a));
        rows.antenna2.push_back(static_cast<std::int32_t>(b));
      }
    }
  }
  rows.field_id.assign(rows.rows(), 0);
  rows.data.assign(rows.rows() * 2, {1, 0});
  rows.flag.assign(rows.rows() * 2, 0);
  rows.weight.assign(rows.rows() * 2, 1);
  Calibration calibration;
  calibration.terms.push_back(solutions);
  Correction(calibration, {})(rows);
  for (std::size_t k = 0; k < rows.data.size(); ++k) {
    std::printf("%.9g %.9g %d\n", static_cast<double>(rows.data[k].real()),
                static_cast<double>(rows.data[k].imag()), rows.flag[k]);
  }
}

}  // namespace

int main() {
  try {
    run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
