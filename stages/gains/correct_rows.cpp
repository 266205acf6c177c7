// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/gains/correct_rows.h>

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

/// Has the cache load the next row while this one is corrected, which is faster than it guesses.
void fetch_ahead(const float* samples, std::size_t n) {
  constexpr std::size_t kLine = 16;  // floats
  for (std::size_t k = 0; k < 2 * n; k += kLine) __builtin_prefetch(samples + k, 1);
}

}  // namespace

std::int64_t correct_rows(const RowFactors& factors, ApplyMode mode, bool weighs, std::size_t first,
                          std::size_t count, Visibilities& rows) {
  const std::size_t n = factors.samples;
  std::int64_t unsolved = 0;
  for (std::size_t row = first; row < first + count; ++row) {
    const auto antenna1 = static_cast<std::size_t>(rows.antenna1[row]);
    const auto antenna2 = static_cast<std::size_t>(rows.antenna2[row]);
    const bool gaps = factors.gaps.at(antenna1) != 0 || factors.gaps.at(antenna2) != 0;
    const kernels::SampleFactors a = factors.first.at(antenna1 * n);
    const kernels::SampleFactors b = factors.second().at(antenna2 * n);
    if (gaps) {
      unsolved += static_cast<std::int64_t>(
          kernels::flag_unsolved_samples(a, b, n, flags(mode), &rows.flag[row * n]));
    }
    if (!corrects(mode)) continue;
    float* const data = reinterpret_cast<float*>(&rows.data[row * n]);
    if (row + 1 < first + count) fetch_ahead(data + 2 * n, n);
    if (gaps) {
      kernels::multiply_solved_samples(a, b, n, data);
    } else {
      kernels::multiply_samples(a, b, n, data);
    }
    if (!weighs) continue;
    scale_weights(&factors.first.power[antenna1 * n], &factors.second().power[antenna2 * n], gaps,
                  row, rows);
  }
  return unsolved;
}

}  // namespace skymill::radio
