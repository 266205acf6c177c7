// SPDX-License-Identifier: GPL-3.0-or-later
// A real calibrator: solved on every other integration, applied to those between.
#include <stages/measurement_set/ms_reader_stage.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "calibrator.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kIntegration_s = 10;

Visibilities read(const std::string& path) {
  Visibilities rows;
  MsReaderParams params;
  params.input = {path};
  params.datacolumn = "data";
  testing::run_source<MsReaderStage>(
      params, [&](const Chunk<Visibilities>& chunk) { add_rows(rows, *chunk); });
  return rows;
}

/// The rows of integrations with even or odd numbers; a few start some milliseconds apart.
Visibilities every_other(const Visibilities& rows, bool odd) {
  Visibilities part;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const double number = std::round((rows.time_s[row] - rows.time_s.front()) / kIntegration_s);
    if ((std::fmod(number, 2) == 1) == odd) add_rows(part, *cut_rows(rows, row, 1));
  }
  return part;
}

using Baseline = std::pair<std::int32_t, std::int32_t>;

/// Noise of one component of a sample by baseline, from differences of neighbouring channels, which
/// no gain and no source changes much. Receivers differ so much that one figure for all would be
/// wrong.
std::map<Baseline, double> noise_of(const Visibilities& rows, std::size_t corr) {
  std::map<Baseline, double> sum, count, noise;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const Baseline baseline{rows.antenna1[row], rows.antenna2[row]};
    const auto at = [&](std::size_t c) {
      return std::complex<double>(rows.data[(row * rows.nchan + c) * rows.ncorr + corr]);
    };
    for (std::size_t c = 1; c < rows.nchan; ++c) {
      // The outermost channels, where noise is filtered away, count as much as the others.
      const double weight = c == 1 || c + 1 == rows.nchan ? 1.5 : 1;
      sum[baseline] += weight * std::norm(at(c) - at(c - 1)) / 2 / 2;
      count[baseline] += weight;
    }
  }
  for (const auto& [baseline, of] : sum) noise[baseline] = std::sqrt(of / count[baseline]);
  return noise;
}

}  // namespace

TEST_CASE("gains of every other integration correct those between to their noise", "[real]") {
  const char* const data = std::getenv("SKYMILL_TEST_DATA");
  if (data == nullptr || *data == '\0') {
    WARN("SKIPPED: SKYMILL_TEST_DATA is not set");
    return;
  }
  const Visibilities all = read(std::string(data) + "/ms/vla_J1008_36GHz_64ch.ms");
  SolveParams params;
  params.flux = 1;
  params.solve_per = "spw";
  params.solint = "7s";
  const Solutions solutions = solve(params, in_chunks(every_other(all, false), 500), all.header);
  REQUIRE(solutions.intervals.size() == 5);
  const Visibilities between = every_other(all, true);
  const Visibilities done = apply({}, solutions, cut_rows(between, 0, between.rows()));

  // Imaginary parts in units of their noise, of samples and of the means of a window.
  double of_samples = 0, of_means = 0, real = 0, weights = 0;
  std::size_t samples = 0, means = 0;
  for (const std::size_t corr : {std::size_t{0}, done.ncorr - 1}) {
    const auto noise_by_baseline = noise_of(between, corr);
    for (std::size_t row = 0; row < done.rows(); ++row) {
      const double growth = static_cast<double>(done.weight[row * done.ncorr + corr]) /
                            static_cast<double>(between.weight[row * done.ncorr + corr]);
      const double noise = noise_by_baseline.at({done.antenna1[row], done.antenna2[row]});
      const double weight = growth / (noise * noise);
      std::complex<double> sum = 0;
      std::size_t channels = 0;
      for (std::size_t c = 0; c < done.nchan; ++c) {
        const std::size_t place = (row * done.nchan + c) * done.ncorr + corr;
        if (done.flag[place]) continue;
        const std::complex<double> value = done.data[place];
        of_samples += weight * value.imag() * value.imag();
        sum += value;
        ++channels;
      }
      if (channels == 0) continue;
      const auto count = static_cast<double>(channels);
      of_means += weight * sum.imag() * sum.imag() / count;
      real += weight * sum.real();
      weights += weight * count;
      samples += channels;
      ++means;
    }
  }
  const double by_sample = std::sqrt(of_samples / static_cast<double>(samples));
  const double by_window = std::sqrt(of_means / static_cast<double>(means));
  const double amplitude = real / weights;
  INFO(means << " baselines and hands, phase rms " << by_sample << " x thermal, of windows "
             << by_window << " x thermal, amplitude " << amplitude << " +- "
             << 1 / std::sqrt(weights));
  CHECK(means > 800);
  CHECK(by_sample <= 1.1);
  // Means have an eighth of a sample's noise, so that what the gains lack shows in them: their own
  // noise adds 6 % to the variance, the rest is the air over the 10 s to either side.
  CHECK(by_window <= 1.1);
  CHECK(std::abs(amplitude - 1) <= 0.01);
}
