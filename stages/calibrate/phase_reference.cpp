// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/phase_reference.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>

namespace skymill::radio {

namespace {

constexpr double kNearlyAll = 0.9;
// Below this part of the array's SNR an antenna would hand its own noise on to all the others.
constexpr double kFaint = 0.5;
// Chance that noise passes for a signal.
constexpr double kFalseAlarm = 1e-4;

std::vector<std::size_t> solved_by_antenna(const Solutions& solutions) {
  std::vector<std::size_t> solved(solutions.antennas.size(), 0);
  for (std::size_t k = 0; k < solutions.flag.size(); ++k) {
    if (solutions.flag[k] == 0) ++solved[k % solved.size()];
  }
  return solved;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The SNR that noise alone hardly reaches. A delay's is that of the highest of all peaks of a
/// spectrum, which are about twice as many as there are channels, and of noise the power of a peak
/// is exponential in its own mean; that of a gain is in the error's.
double noise_snr(const Solutions& solutions) {
  if (solutions.term != JonesTerm::K) return std::sqrt(std::log(1 / kFalseAlarm));
  double channels = 0;
  for (const SolutionChannels& cell : solutions.frequencies) {
    channels += static_cast<double>(cell.channels);
  }
  return std::sqrt(2 * std::log(2 * channels / kFalseAlarm));
}

/// Median SNR of each antenna's solutions, of its worse polarisation; 0 without any.
std::vector<double> snr_by_antenna(const Solutions& solutions) {
  std::vector<double> worse(solutions.antennas.size(), 0);
  for (std::size_t a = 0; a < worse.size(); ++a) {
    for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
      std::vector<double> snr;
      for (std::size_t t = 0; t < solutions.intervals.size(); ++t) {
        for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
          const std::size_t at = solutions.index(t, f, p, a);
          if (solutions.flag[at] == 0) snr.push_back(solutions.snr[at]);
        }
      }
      if (snr.empty()) continue;
      const double here = median(std::move(snr));
      worse[a] = worse[a] > 0 ? std::min(worse[a], here) : here;
    }
  }
  return worse;
}

std::vector<double> distance_from_middle_m(const ObservationHeader& header) {
  std::array<double, 3> middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    std::vector<double> place;
    for (const Antenna& antenna : header.antennas) place.push_back(antenna.position_m[axis]);
    middle[axis] = median(std::move(place));
  }
  std::vector<double> distance;
  for (const Antenna& antenna : header.antennas) {
    distance.push_back(std::hypot(antenna.position_m[0] - middle[0],
                                  antenna.position_m[1] - middle[1],
                                  antenna.position_m[2] - middle[2]));
  }
  return distance;
}

/// The intervals of one frequency and polarisation: phases of gains.
class GainSeries {
 public:
  using Value = std::complex<double>;
  static constexpr double kReference = 1;  ///< a phasor

  GainSeries(std::size_t frequency, std::size_t pol, Solutions& solutions)
      : frequency_(frequency), pol_(pol), solutions_(solutions) {}

  bool good(std::size_t interval, std::size_t antenna) const {
    return solutions_.flag[place(interval, antenna)] == 0;
  }
  bool solved(std::size_t interval) const { return refant(interval) >= 0; }
  Value value(std::size_t interval, std::size_t antenna) const {
    const Value gain = solutions_.gain[place(interval, antenna)];
    return std::abs(gain) > 0 ? gain / std::abs(gain) : 1;
  }

  /// Turns an interval's phases so that the antenna's becomes that of `wanted`.
  void turn(std::size_t interval, std::size_t antenna, Value wanted) {
    const Value by = wanted * std::conj(value(interval, antenna));
    for (std::size_t a = 0; a < antennas(); ++a) {
      if (!good(interval, a)) continue;
      auto& gain = solutions_.gain[place(interval, a)];
      gain = std::complex<float>(Value(gain) * by);
    }
    auto& gain = solutions_.gain[place(interval, antenna)];
    if (wanted == kReference) gain = std::abs(gain);
    refant(interval) = static_cast<std::int32_t>(antenna);
  }

  /// Flags an interval. @return how many solutions that were
  std::size_t flag(std::size_t interval) {
    std::size_t flagged = 0;
    for (std::size_t a = 0; a < antennas(); ++a) {
      if (!good(interval, a)) continue;
      const std::size_t at = place(interval, a);
      solutions_.flag_solution(at);
      ++flagged;
    }
    refant(interval) = -1;
    return flagged;
  }

 protected:
  std::size_t antennas() const { return solutions_.antennas.size(); }
  std::size_t place(std::size_t interval, std::size_t antenna) const {
    return solutions_.index(interval, frequency_, pol_, antenna);
  }
  std::int32_t& refant(std::size_t interval) const {
    return solutions_.refant[solutions_.group(interval, frequency_, pol_)];
  }

  std::size_t frequency_;
  std::size_t pol_;
  Solutions& solutions_;
};

/// The same of delays.
class DelaySeries : public GainSeries {
 public:
  using Value = double;
  static constexpr double kReference = 0;  ///< ns

  using GainSeries::GainSeries;

  Value value(std::size_t interval, std::size_t antenna) const {
    return solutions_.delay_ns[place(interval, antenna)];
  }

  /// Shifts an interval's delays so that the antenna's becomes `wanted`.
  void turn(std::size_t interval, std::size_t antenna, Value wanted) {
    const double by = wanted - value(interval, antenna);
    for (std::size_t a = 0; a < antennas(); ++a) {
      if (!good(interval, a)) continue;
      auto& delay_ns = solutions_.delay_ns[place(interval, a)];
      delay_ns = static_cast<float>(static_cast<double>(delay_ns) + by);
    }
    refant(interval) = static_cast<std::int32_t>(antenna);
  }
};

/// Turns one interval after its neighbour, which is turned already. @return false when no antenna
/// is good in both and the phases could not be carried over
template <class Series>
bool follow(std::size_t interval, std::optional<std::size_t> neighbour, std::size_t reference,
            const std::vector<std::size_t>& order, Series& series) {
  if (series.good(interval, reference)) {
    series.turn(interval, reference, Series::kReference);
    return true;
  }
  for (const std::size_t antenna : order) {
    if (!neighbour || !series.good(interval, antenna) || !series.good(*neighbour, antenna))
      continue;
    series.turn(interval, antenna, series.value(*neighbour, antenna));
    return true;
  }
  const auto first = std::find_if(order.begin(), order.end(),
                                  [&](std::size_t a) { return series.good(interval, a); });
  series.turn(interval, *first, Series::kReference);
  return false;
}

template <class Series>
PhaseBreaks reference_series(const std::vector<std::size_t>& order,
                             const std::vector<std::size_t>& intervals, MissingReference missing,
                             Series& series) {
  const auto good_in_some = [&](std::size_t antenna) {
    return std::any_of(intervals.begin(), intervals.end(),
                       [&](std::size_t t) { return series.good(t, antenna); });
  };
  const std::size_t reference = *std::find_if(order.begin(), order.end(), good_in_some);
  PhaseBreaks breaks;
  if (missing == MissingReference::kFlag) {
    for (const std::size_t t : intervals) {
      if (series.good(t, reference)) {
        series.turn(t, reference, Series::kReference);
      } else {
        breaks.flagged += series.flag(t);
      }
    }
    return breaks;
  }
  const auto start = std::find_if(intervals.begin(), intervals.end(),
                                  [&](std::size_t t) { return series.good(t, reference); });
  std::optional<std::size_t> neighbour;
  for (auto t = start; t != intervals.end(); neighbour = *t++) {
    if (!follow(*t, neighbour, reference, order, series)) ++breaks.broken;
  }
  neighbour = *start;
  for (auto t = std::make_reverse_iterator(start); t != intervals.rend(); neighbour = *t++) {
    if (!follow(*t, neighbour, reference, order, series)) ++breaks.broken;
  }
  return breaks;
}

template <class Series>
PhaseBreaks reference_all(const std::vector<std::size_t>& order, MissingReference missing,
                          Solutions& solutions) {
  PhaseBreaks breaks;
  for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
    for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
      Series series(f, p, solutions);
      std::vector<std::size_t> intervals;
      for (std::size_t t = 0; t < solutions.intervals.size(); ++t) {
        if (series.solved(t)) intervals.push_back(t);
      }
      if (intervals.empty()) continue;
      const PhaseBreaks more = reference_series(order, intervals, missing, series);
      breaks.broken += more.broken;
      breaks.flagged += more.flagged;
    }
  }
  return breaks;
}

}  // namespace

std::vector<std::size_t> reference_order(const Solutions& solutions,
                                         const std::vector<std::string>& asked,
                                         const std::vector<double>& good_data) {
  const std::vector<std::size_t> solved = solved_by_antenna(solutions);
  const std::vector<double> distance_m = distance_from_middle_m(*solutions.header);
  const std::vector<double> snr = snr_by_antenna(solutions);
  std::vector<double> known_snr;
  std::copy_if(snr.begin(), snr.end(), std::back_inserter(known_snr),
               [](double s) { return s > 0; });
  const double typical_snr = known_snr.empty() ? 0 : median(known_snr);
  const double noise = noise_snr(solutions);
  const bool any_signal = std::any_of(snr.begin(), snr.end(), [&](double s) { return s >= noise; });
  const auto is_noise = [&](std::size_t a) { return any_signal && snr[a] < noise; };
  std::vector<double> health(solved.begin(), solved.end());
  for (std::size_t a = 0; a < good_data.size(); ++a) health[a] *= good_data[a];
  for (std::size_t a = 0; a < health.size(); ++a) {
    if (is_noise(a)) health[a] = 0;
    if (snr[a] < kFaint * typical_snr) health[a] *= snr[a] / (kFaint * typical_snr);
  }
  const double most = *std::max_element(health.begin(), health.end());
  const auto nearly_all = [&](std::size_t a) { return health[a] >= kNearlyAll * most; };
  std::vector<std::size_t> rest(solutions.antennas.size());
  std::iota(rest.begin(), rest.end(), 0);
  std::stable_sort(rest.begin(), rest.end(), [&](std::size_t a, std::size_t b) {
    if (nearly_all(a) != nearly_all(b)) return nearly_all(a);
    return nearly_all(a) ? distance_m[a] < distance_m[b] : health[a] > health[b];
  });
  std::vector<std::size_t> order;
  for (const std::string& name : asked) {
    const auto found = std::find(solutions.antennas.begin(), solutions.antennas.end(), name);
    if (found == solutions.antennas.end()) continue;
    const auto antenna = static_cast<std::size_t>(found - solutions.antennas.begin());
    if (!is_noise(antenna)) order.push_back(antenna);
  }
  for (const std::size_t antenna : rest) {
    if (std::find(order.begin(), order.end(), antenna) == order.end()) order.push_back(antenna);
  }
  return order;
}

PhaseBreaks reference_phases(const std::vector<std::size_t>& order, Solutions& solutions,
                             MissingReference missing) {
  return solutions.term == JonesTerm::K ? reference_all<DelaySeries>(order, missing, solutions)
                                        : reference_all<GainSeries>(order, missing, solutions);
}

}  // namespace skymill::radio
