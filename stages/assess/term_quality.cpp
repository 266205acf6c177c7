// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/assess/term_quality.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <map>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

std::optional<double> quantile(std::vector<double> values, double part) {
  if (values.empty()) return std::nullopt;
  const auto place = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::optional<double> median(const std::vector<double>& values) { return quantile(values, 0.5); }

/// Mean square of phases about the straight line that fits them best, radians²; absent for fewer
/// than three.
std::optional<double> square_about_line(const std::vector<double>& x, std::vector<double> phase) {
  const std::size_t count = x.size();
  if (count < 3) return std::nullopt;
  for (std::size_t k = 1; k < count; ++k) {
    phase[k] = phase[k - 1] + std::remainder(phase[k] - phase[k - 1], 360 * kDegree);
  }
  const auto n = static_cast<double>(count);
  double mean_x = 0, mean_phase = 0;
  for (std::size_t k = 0; k < count; ++k) {
    mean_x += x[k] / n;
    mean_phase += phase[k] / n;
  }
  double xx = 0, xy = 0, yy = 0;
  for (std::size_t k = 0; k < count; ++k) {
    xx += (x[k] - mean_x) * (x[k] - mean_x);
    xy += (x[k] - mean_x) * (phase[k] - mean_phase);
    yy += (phase[k] - mean_phase) * (phase[k] - mean_phase);
  }
  return std::max(0.0, yy - (xx > 0 ? xy * xy / xx : 0)) / (n - 2);
}

/// Walks over one antenna's solutions along the longer of time and frequency.
template <class F>
void for_each_line(const Solutions& s, std::size_t antenna, F&& line) {
  const bool in_time = s.intervals.size() >= s.frequencies.size();
  const std::size_t length = in_time ? s.intervals.size() : s.frequencies.size();
  const std::size_t others = in_time ? s.frequencies.size() : s.intervals.size();
  std::vector<double> x;
  std::vector<std::size_t> place;
  for (std::size_t other = 0; other < others; ++other) {
    for (std::size_t p = 0; p < s.pols.size(); ++p) {
      x.clear();
      place.clear();
      for (std::size_t k = 0; k < length; ++k) {
        const std::size_t at =
            in_time ? s.index(k, other, p, antenna) : s.index(other, k, p, antenna);
        if (s.flag[at] != 0) continue;
        x.push_back(in_time ? s.intervals[k].time_s - s.intervals[0].time_s
                            : s.frequencies[k].freq_hz - s.frequencies[0].freq_hz);
        place.push_back(at);
      }
      line(x, place);
    }
  }
}

AntennaQuality antenna_quality(const Solutions& s, std::size_t antenna) {
  AntennaQuality quality;
  std::vector<double> snr, amplitude, delay_ns;
  for (std::size_t k = antenna; k < s.flag.size(); k += s.antennas.size()) {
    ++quality.solutions;
    if (s.flag[k] != 0) {
      ++quality.flagged;
      continue;
    }
    snr.push_back(s.snr[k]);
    if (s.term == JonesTerm::K) {
      delay_ns.push_back(s.delay_ns[k]);
    } else {
      amplitude.push_back(std::abs(s.gain[k]));
    }
  }
  quality.snr = median(snr);
  quality.delay_ns = median(delay_ns);
  quality.amplitude = median(amplitude);
  if (quality.amplitude && *quality.amplitude > 0) {
    const auto [low, high] = std::minmax_element(amplitude.begin(), amplitude.end());
    quality.amplitude_range = *low > 0 ? std::optional(*high / *low) : std::nullopt;
    for (double& value : amplitude) value = std::abs(value - *quality.amplitude);
    quality.amplitude_mad = 1.4826 * *median(amplitude) / *quality.amplitude;
  }
  if (s.term == JonesTerm::K) return quality;
  double squares = 0, lines = 0;
  for_each_line(s, antenna, [&](const auto& x, const auto& place) {
    std::vector<double> phase;
    for (const std::size_t at : place) phase.push_back(std::arg(s.gain[at]));
    const auto square = square_about_line(x, std::move(phase));
    if (!square) return;
    squares += *square;
    lines += 1;
  });
  if (lines > 0) quality.phase_scatter_deg = std::sqrt(squares / lines) / kDegree;
  return quality;
}

/// Scatter across antennas, in cells with at least three of them.
void add_spreads(const Solutions& s, TermQuality& quality) {
  double amplitude_squares = 0, phase_squares = 0, cells = 0;
  for (std::size_t first = 0; first < s.flag.size(); first += s.antennas.size()) {
    std::complex<double> direction = 0;
    double sum = 0, squares = 0, count = 0;
    for (std::size_t k = first; k < first + s.antennas.size(); ++k) {
      if (s.flag[k] != 0) continue;
      const std::complex<double> gain(s.gain[k]);
      const double amplitude = std::abs(gain);
      if (amplitude <= 0) continue;
      direction += gain / amplitude;
      sum += amplitude;
      squares += amplitude * amplitude;
      count += 1;
    }
    if (count < 3) continue;
    const double mean = sum / count;
    amplitude_squares +=
        std::max(0.0, squares / count - mean * mean) * count / (count - 1) / (mean * mean);
    // Of a normal distribution the mean direction has the length exp(-σ²/2).
    phase_squares += -2 * std::log(std::clamp(std::abs(direction) / count, 1e-12, 1.0));
    cells += 1;
  }
  if (cells == 0) return;
  quality.amplitude_scatter = std::sqrt(amplitude_squares / cells);
  quality.phase_spread_deg = std::sqrt(phase_squares / cells) / kDegree;
}

/// The antenna that is the reference most often, and how far from 0 it is there.
void add_reference(const Solutions& s, TermQuality& quality) {
  std::map<std::int32_t, std::size_t> uses;
  for (const std::int32_t antenna : s.refant) {
    if (antenna >= 0) ++uses[antenna];
  }
  if (uses.empty()) return;
  const auto most = std::max_element(
      uses.begin(), uses.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  quality.refant = static_cast<std::size_t>(most->first);
  for (std::size_t group = 0; group < s.refant.size(); ++group) {
    const std::size_t at = group * s.antennas.size() + quality.refant;
    if (s.refant[group] != most->first || s.flag[at] != 0) continue;
    const SolutionChannels& channels = s.frequencies[group / s.pols.size() % s.frequencies.size()];
    const double away = s.term == JonesTerm::K ? std::abs(static_cast<double>(s.delay_ns[at])) *
                                                     1e-9 * channels.width_hz / 2 * 360
                                               : std::abs(std::arg(s.gain[at])) / kDegree;
    quality.refant_phase_deg = std::max(quality.refant_phase_deg, away);
  }
}

void add_flags(const Solutions& s, TermQuality& quality) {
  std::map<int, std::pair<std::size_t, std::size_t>> windows;  // flagged, all
  std::vector<std::size_t> pols(s.pols.size(), 0);
  std::size_t flagged = 0, all_solutions = 0;
  for (std::size_t k = 0; k < s.flag.size(); ++k) {
    if (s.is_absent(k % s.antennas.size())) continue;
    const std::size_t group = k / s.antennas.size();
    auto& window =
        windows[s.frequencies[group / s.pols.size() % s.frequencies.size()].data_desc_id];
    ++window.second;
    ++all_solutions;
    if (s.flag[k] == 0) continue;
    ++flagged;
    ++window.first;
    ++pols[group % s.pols.size()];
  }
  quality.solutions = all_solutions;
  if (all_solutions == 0) return;
  const auto all = static_cast<double>(all_solutions);
  quality.flagged = static_cast<double>(flagged) / all;
  for (const auto& [window, counts] : windows) {
    quality.windows.push_back(window);
    quality.flagged_by_window.push_back(static_cast<double>(counts.first) /
                                        static_cast<double>(counts.second));
  }
  for (const std::size_t count : pols) {
    quality.flagged_by_pol.push_back(static_cast<double>(count * s.pols.size()) / all);
  }
}

void add_hands(const Solutions& s, TermQuality& quality) {
  if (s.pols.size() != 2 || s.term == JonesTerm::K) return;
  std::vector<double> ratios;
  for (std::size_t group = 0; group < s.refant.size(); group += 2) {
    for (std::size_t antenna = 0; antenna < s.antennas.size(); ++antenna) {
      const std::size_t x = group * s.antennas.size() + antenna;
      const std::size_t y = x + s.antennas.size();
      if (s.flag[x] != 0 || s.flag[y] != 0 || std::abs(s.gain[y]) <= 0) continue;
      ratios.push_back(std::abs(s.gain[x]) / std::abs(s.gain[y]));
    }
  }
  quality.xy_ratio = median(ratios);
}

/// Of neighbouring channels of one window that all have solutions.
void add_smoothness(const Solutions& s, TermQuality& quality) {
  if (s.term == JonesTerm::K || s.frequencies.size() < 3) return;
  double squares = 0, count = 0;
  for (std::size_t k = 0; k < s.flag.size(); ++k) {
    const std::size_t frequency = k / s.antennas.size() / s.pols.size() % s.frequencies.size();
    if (frequency + 2 >= s.frequencies.size()) continue;
    if (s.frequencies[frequency].data_desc_id != s.frequencies[frequency + 2].data_desc_id)
      continue;
    const std::size_t step = s.antennas.size() * s.pols.size();
    const std::size_t places[] = {k, k + step, k + 2 * step};
    if (std::any_of(std::begin(places), std::end(places),
                    [&](std::size_t place) { return s.flag[place] != 0; })) {
      continue;
    }
    const double a = std::abs(s.gain[places[0]]), b = std::abs(s.gain[places[1]]),
                 c = std::abs(s.gain[places[2]]);
    if (a + b + c <= 0) continue;
    const double bend = (a - 2 * b + c) / ((a + b + c) / 3);
    squares += bend * bend;
    count += 1;
  }
  if (count > 0) quality.smoothness = std::sqrt(squares / count / 6);
}

}  // namespace

TermQuality quality_of(const Solutions& solutions) {
  TermQuality quality;
  add_flags(solutions, quality);
  std::vector<double> snr, amplitudes, medians, scatters, delays_ns;
  for (std::size_t k = 0; k < solutions.flag.size(); ++k) {
    if (solutions.flag[k] != 0) continue;
    snr.push_back(solutions.snr[k]);
    if (solutions.term == JonesTerm::K) {
      delays_ns.push_back(solutions.delay_ns[k]);
    } else {
      amplitudes.push_back(std::abs(solutions.gain[k]));
    }
  }
  for (std::size_t antenna = 0; antenna < solutions.antennas.size(); ++antenna) {
    quality.antennas.push_back(antenna_quality(solutions, antenna));
    const AntennaQuality& one = quality.antennas.back();
    if (solutions.is_absent(antenna)) continue;
    ++quality.present_antennas;
    quality.good_antennas += one.flagged < one.solutions ? 1 : 0;
    if (one.amplitude) medians.push_back(*one.amplitude);
    if (one.phase_scatter_deg) scatters.push_back(*one.phase_scatter_deg);
  }
  quality.snr_median = median(snr);
  quality.snr_p05 = quantile(std::move(snr), 0.05);
  quality.amplitude_median = median(amplitudes);
  if (quality.amplitude_median && *quality.amplitude_median > 0) {
    const auto [low, high] = std::minmax_element(medians.begin(), medians.end());
    quality.amplitude_low = *low / *quality.amplitude_median;
    quality.amplitude_high = *high / *quality.amplitude_median;
  }
  quality.phase_scatter_deg = median(scatters);
  if (!delays_ns.empty()) {
    const auto [low, high] = std::minmax_element(delays_ns.begin(), delays_ns.end());
    quality.delay_range_ns = *high - *low;
  }
  if (solutions.term != JonesTerm::K) add_spreads(solutions, quality);
  add_reference(solutions, quality);
  add_hands(solutions, quality);
  add_smoothness(solutions, quality);
  return quality;
}

std::string health_of(double flagged_fraction) {
  const std::array<std::pair<double, const char*>, 4> classes{
      {{0.1, "excellent"}, {0.3, "good"}, {0.5, "acceptable"}, {0.8, "poor"}}};
  for (const auto& [below, name] : classes) {
    if (flagged_fraction < below) return name;
  }
  return "bad";
}

}  // namespace skymill::radio
