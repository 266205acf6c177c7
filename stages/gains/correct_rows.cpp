// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/gains/correct_rows.h>

#include <algorithm>

namespace skymill::radio {

namespace {

bool corrects(ApplyMode mode) {
  return mode == ApplyMode::calflag || mode == ApplyMode::calonly ||
         mode == ApplyMode::calflagstrict;
}

bool flags(ApplyMode mode) { return mode != ApplyMode::calonly && mode != ApplyMode::trial; }

/// The sum of |g_i|²|g_j|² over the channels of a correlation, and over how many.
struct Growth {
  double sum = 0;
  std::size_t channels = 0;
};

Growth growth_of(const float* a, const float* b, std::size_t samples, std::size_t corr,
                 std::size_t ncorr, bool gaps) {
  Growth growth;
  if (!gaps) {
    growth.channels = samples / ncorr;
    return growth;
  }
  for (std::size_t k = corr; k < samples; k += ncorr) {
    if (a[k] > 0 && b[k] > 0) ++growth.channels;
  }
  return growth;
}

void scale_weights(const float* a, const float* b, bool gaps, std::size_t row, Visibilities& rows) {
  const std::size_t ncorr = rows.ncorr;
  const std::size_t samples = rows.nchan * ncorr;
  float lanes[kernels::kPowerLanes] = {};
  const bool in_lanes = kernels::kPowerLanes % ncorr == 0;
  if (in_lanes) kernels::add_gain_powers(a, b, samples, lanes);
  for (std::size_t k = 0; k < ncorr; ++k) {
    Growth growth = growth_of(a, b, samples, k, ncorr, gaps);
    if (in_lanes) {
      for (std::size_t lane = k; lane < kernels::kPowerLanes; lane += ncorr) {
        growth.sum += static_cast<double>(lanes[lane]);
      }
    } else {
      for (std::size_t s = k; s < samples; s += ncorr) {
        growth.sum += static_cast<double>(a[s]) * static_cast<double>(b[s]);
      }
    }
    if (growth.channels == 0) continue;
    float& weight = rows.weight[row * ncorr + k];
    weight = static_cast<float>(static_cast<double>(weight) * growth.sum /
                                static_cast<double>(growth.channels));
  }
  if (rows.weight_spectrum.empty()) return;
  float* const spectrum = &rows.weight_spectrum[row * samples];
  for (std::size_t s = 0; s < samples; ++s) {
    const float power = a[s] * b[s];
    spectrum[s] *= power > 0 ? power : 1;
  }
}

/// Samples of all antennas that are taken at once, so that their factors stay in the second cache;
/// whole numbers of lanes, and of 1, 2, 3 or 4 correlations.
std::size_t block_samples(std::size_t antennas) {
  constexpr std::size_t kCache = std::size_t{1} << 18, kUnit = 48;
  const std::size_t most = kCache / (2 * sizeof(float) * std::max<std::size_t>(1, antennas));
  return std::max<std::size_t>(5, most / kUnit) * kUnit;
}

/// Where a row finds what its antennas bring.
struct RowPlaces {
  std::size_t first = 0;
  std::size_t second = 0;
  bool gaps = false;
};

RowPlaces places_of(const RowFactors& factors, std::size_t row, const Visibilities& rows) {
  const auto antenna1 = static_cast<std::size_t>(rows.antenna1[row]);
  const auto antenna2 = static_cast<std::size_t>(rows.antenna2[row]);
  const bool gaps = factors.gaps.at(antenna1) != 0 || factors.gaps.at(antenna2) != 0;
  return {antenna1 * factors.samples, antenna2 * factors.samples, gaps};
}

}  // namespace

std::int64_t correct_rows(const RowFactors& factors, ApplyMode mode, bool weighs, std::size_t first,
                          std::size_t count, Visibilities& rows) {
  const std::size_t samples = factors.samples;
  const std::size_t block = block_samples(factors.gaps.size());
  std::int64_t unsolved = 0;
  for (std::size_t from = 0; from < samples; from += block) {
    const std::size_t n = std::min(block, samples - from);
    for (std::size_t row = first; row < first + count; ++row) {
      const RowPlaces places = places_of(factors, row, rows);
      const kernels::SampleFactors a = factors.first.at(places.first + from);
      const kernels::SampleFactors b = factors.second().at(places.second + from);
      const std::size_t place = row * samples + from;
      float* const data = reinterpret_cast<float*>(&rows.data[place]);
      if (places.gaps) {
        unsolved += static_cast<std::int64_t>(
            kernels::flag_unsolved_samples(a, b, n, flags(mode), &rows.flag[place]));
        if (corrects(mode)) kernels::multiply_solved_samples(a, b, n, data);
      } else if (corrects(mode)) {
        kernels::multiply_samples(a, b, n, data);
      }
    }
  }
  for (std::size_t row = first; weighs && corrects(mode) && row < first + count; ++row) {
    const RowPlaces places = places_of(factors, row, rows);
    scale_weights(&factors.first.power[places.first], &factors.second().power[places.second],
                  places.gaps, row, rows);
  }
  return unsolved;
}

}  // namespace skymill::radio
