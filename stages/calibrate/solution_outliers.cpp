// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/solution_outliers.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

namespace skymill::radio {

namespace {

constexpr double kAmplitudeFactor = 5;
constexpr double kChannelSigmas = 7;
constexpr std::size_t kHalfWidth = 4;     // of the running median
constexpr std::size_t kLeastPairs = 3;    // that one wild channel cannot sway
constexpr std::size_t kFewChannels = 16;  // too few to know the scatter by
constexpr double kStructure = 0.01;       // less is the shape of a bandpass, not an outlier
constexpr double kMostlyBad = 0.75;
constexpr double kToDeviation = 1.4826;

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::size_t flag_amplitudes(std::size_t interval, std::size_t pol, Solutions& solutions) {
  std::vector<double> amplitudes;
  std::vector<std::size_t> places;
  for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
    for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
      const std::size_t at = solutions.index(interval, f, pol, a);
      if (solutions.flag[at] != 0) continue;
      places.push_back(at);
      amplitudes.push_back(std::abs(solutions.gain[at]));
    }
  }
  if (places.empty()) return 0;
  const double middle = median(amplitudes);
  std::size_t flagged = 0;
  for (const std::size_t at : places) {
    const double amplitude = std::abs(solutions.gain[at]);
    if (amplitude <= middle * kAmplitudeFactor && amplitude * kAmplitudeFactor >= middle) continue;
    solutions.flag_solution(at);
    ++flagged;
  }
  return flagged;
}

/// How far each value is from the median of the means of pairs around it, one value on either side,
/// so that slopes do not show. Too near an end nothing can be said.
std::vector<double> off_running_median(const std::vector<double>& values) {
  std::vector<double> off, around;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::size_t reach = std::min({kHalfWidth, k, values.size() - 1 - k});
    if (reach < kLeastPairs) {
      off.push_back(0);
      continue;
    }
    around.clear();
    for (std::size_t m = 1; m <= reach; ++m) {
      around.push_back((values[k - m] + values[k + m]) / 2);
    }
    off.push_back(values[k] - median(around));
  }
  return off;
}

void mark_far(const std::vector<double>& off, double unit, std::vector<char>& far) {
  std::vector<double> sizes;
  for (const double value : off) sizes.push_back(std::abs(value));
  const double deviation = std::max(kToDeviation * median(sizes), kStructure * unit);
  for (std::size_t k = 0; k < off.size(); ++k) {
    if (std::abs(off[k]) > kChannelSigmas * deviation) far[k] = 1;
  }
}

/// One antenna's bandpass: the places of its solutions in one window.
std::size_t flag_channels(const std::vector<std::size_t>& places, Solutions& solutions) {
  if (places.size() < kFewChannels) return 0;
  std::vector<double> amplitude, phase;
  for (const std::size_t at : places) {
    const std::complex<double> gain = solutions.gain[at];
    amplitude.push_back(std::abs(gain));
    const double turned = std::arg(gain);
    // Without whole turns from one channel to the next.
    const double before = phase.empty() ? turned : phase.back();
    constexpr double kTurn = 6.283185307179586;
    phase.push_back(before + std::remainder(turned - before, kTurn));
  }
  std::vector<char> far(places.size(), 0);
  if (solutions.mode != "p") {
    std::vector<double> all = amplitude;
    mark_far(off_running_median(amplitude), median(all), far);
  }
  if (solutions.mode != "a") mark_far(off_running_median(phase), 1, far);
  std::size_t flagged = 0;
  for (std::size_t k = 0; k < places.size(); ++k) {
    if (far[k] == 0) continue;
    solutions.flag_solution(places[k]);
    ++flagged;
  }
  return flagged;
}

/// Frequencies of an interval and polarisation at which any antenna has a solution.
std::vector<std::size_t> solved_frequencies(std::size_t interval, std::size_t pol,
                                            const Solutions& solutions) {
  std::vector<std::size_t> solved;
  for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
    const auto* const first = &solutions.flag[solutions.index(interval, f, pol, 0)];
    if (std::find(first, first + solutions.antennas.size(), 0) != first + solutions.antennas.size())
      solved.push_back(f);
  }
  return solved;
}

void check_bandpass(std::size_t interval, std::size_t pol, Solutions& solutions,
                    OutlierCounts& counts) {
  const std::vector<std::size_t> solved = solved_frequencies(interval, pol, solutions);
  for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
    std::vector<std::size_t> places;
    int window = -1;
    for (const std::size_t f : solved) {
      if (solutions.frequencies[f].data_desc_id != window) {
        counts.channels += flag_channels(places, solutions);
        places.clear();
        window = solutions.frequencies[f].data_desc_id;
      }
      const std::size_t at = solutions.index(interval, f, pol, a);
      if (solutions.flag[at] == 0) places.push_back(at);
    }
    counts.channels += flag_channels(places, solutions);
    places.clear();
    for (const std::size_t f : solved) {
      const std::size_t at = solutions.index(interval, f, pol, a);
      if (solutions.flag[at] == 0) places.push_back(at);
    }
    const auto bad = static_cast<double>(solved.size() - places.size());
    if (!(bad > kMostlyBad * static_cast<double>(solved.size()))) continue;
    for (const std::size_t at : places) solutions.flag_solution(at);
    counts.mostly_bad += places.size();
  }
}

}  // namespace

OutlierCounts flag_outliers(Solutions& solutions) {
  OutlierCounts counts;
  if (solutions.term == JonesTerm::K) return counts;
  for (std::size_t t = 0; t < solutions.intervals.size(); ++t) {
    for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
      if (solutions.mode != "p") counts.amplitude += flag_amplitudes(t, p, solutions);
      if (solutions.term == JonesTerm::B) check_bandpass(t, p, solutions, counts);
    }
  }
  return counts;
}

}  // namespace skymill::radio
