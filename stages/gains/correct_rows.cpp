// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/gains/correct_rows.h>

namespace skymill::radio {

namespace {

bool corrects(ApplyMode mode) {
  return mode == ApplyMode::calflag || mode == ApplyMode::calonly ||
         mode == ApplyMode::calflagstrict;
}

bool flags(ApplyMode mode) { return mode != ApplyMode::calonly && mode != ApplyMode::trial; }

/// What one antenna of a row has for its samples.
struct RowSide {
  kernels::SampleFactors factors;
  const float* power;
  const std::uint8_t* unsolved;
};

RowSide side_of(const AntennaFactors& factors, std::size_t place) {
  return {factors.at(place), &factors.power[place],
          factors.unsolved.empty() ? nullptr : &factors.unsolved[place]};
}

/// Weights of a row grow by the mean of |g_i|²|g_j|² over the channels that have a solution.
void scale_weights(const RowSide& a, const RowSide& b, bool gaps, std::size_t row,
                   Visibilities& rows) {
  constexpr std::size_t kLanes = kernels::kPowerLanes;
  const std::size_t ncorr = rows.ncorr;
  const std::size_t samples = rows.nchan * ncorr;
  float power[kLanes] = {};
  std::uint32_t unsolved[kLanes] = {};
  const bool in_lanes = kLanes % ncorr == 0;
  if (in_lanes) kernels::add_gain_powers(a.power, b.power, samples, power);
  if (in_lanes && gaps) kernels::count_unsolved_samples(a.unsolved, b.unsolved, samples, unsolved);
  for (std::size_t k = 0; k < ncorr; ++k) {
    double sum = 0;
    std::size_t lacking = 0;
    if (in_lanes) {
      for (std::size_t lane = k; lane < kLanes; lane += ncorr) {
        sum += static_cast<double>(power[lane]);
        lacking += unsolved[lane];
      }
    } else {
      for (std::size_t s = k; s < samples; s += ncorr) {
        sum += static_cast<double>(a.power[s]) * static_cast<double>(b.power[s]);
        if (gaps) lacking += a.unsolved[s] | b.unsolved[s];
      }
    }
    if (lacking == rows.nchan) continue;
    float& weight = rows.weight[row * ncorr + k];
    weight = static_cast<float>(static_cast<double>(weight) * sum /
                                static_cast<double>(rows.nchan - lacking));
  }
  if (rows.weight_spectrum.empty()) return;
  float* const spectrum = &rows.weight_spectrum[row * samples];
  for (std::size_t s = 0; s < samples; ++s) {
    const float growth = a.power[s] * b.power[s];
    spectrum[s] *= growth > 0 ? growth : 1;
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
    const Solved solved1 = factors.solved.at(antenna1), solved2 = factors.solved.at(antenna2);
    const bool gaps = solved1 != Solved::all || solved2 != Solved::all;
    const RowSide a = side_of(factors.first, antenna1 * n);
    const RowSide b = side_of(factors.second(), antenna2 * n);
    if (gaps) {
      unsolved += static_cast<std::int64_t>(kernels::flag_unsolved_samples(
          a.unsolved, b.unsolved, n, flags(mode), &rows.flag[row * n]));
    }
    if (!corrects(mode) || solved1 == Solved::none || solved2 == Solved::none) continue;
    float* const data = reinterpret_cast<float*>(&rows.data[row * n]);
    if (row + 1 < first + count) fetch_ahead(data + 2 * n, n);
    if (gaps) {
      kernels::multiply_solved_samples(a.factors, b.factors, n, data);
    } else {
      kernels::multiply_samples(a.factors, b.factors, n, data);
    }
    if (weighs) scale_weights(a, b, gaps, row, rows);
  }
  return unsolved;
}

}  // namespace skymill::radio
