// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/bandpass_shape.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

namespace skymill::radio {

namespace {

constexpr double kTurn = 6.283185307179586;

/// One antenna's channels of one window, with phases that do not jump by whole turns.
struct Curve {
  std::vector<std::size_t> place;
  std::vector<char> good;
  std::vector<double> amplitude, phase;  ///< of good ones
};

Curve curve_of(std::vector<std::size_t> places, const Solutions& solutions) {
  Curve curve;
  curve.place = std::move(places);
  double before = 0;
  bool first = true;
  for (const std::size_t at : curve.place) {
    const std::complex<double> gain = solutions.gain[at];
    curve.good.push_back(solutions.flag[at] == 0 ? 1 : 0);
    if (curve.good.back() != 0) {
      const double phase = std::arg(gain);
      before = first ? phase : before + std::remainder(phase - before, kTurn);
      first = false;
    }
    curve.amplitude.push_back(std::abs(gain));
    curve.phase.push_back(before);
  }
  return curve;
}

/// Calls work(places) for the channels of every interval, polarisation, antenna and window.
template <class Work>
void each_curve(const Solutions& solutions, const Work& work) {
  for (std::size_t t = 0; t < solutions.intervals.size(); ++t) {
    for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
      for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
        std::vector<std::size_t> places;
        for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
          places.push_back(solutions.index(t, f, p, a));
          const bool last =
              f + 1 == solutions.frequencies.size() ||
              solutions.frequencies[f + 1].data_desc_id != solutions.frequencies[f].data_desc_id;
          if (!last) continue;
          work(std::move(places));
          places.clear();
        }
      }
    }
  }
}

std::size_t fill_curve(std::size_t most, const Curve& curve, Solutions& solutions) {
  std::size_t filled = 0;
  std::size_t before = curve.place.size();
  for (std::size_t k = 0; k < curve.place.size(); ++k) {
    if (curve.good[k] == 0) continue;
    const std::size_t gap = before < k ? k - before - 1 : 0;
    for (std::size_t c = before + 1; gap > 0 && gap <= most && c < k; ++c) {
      const double share = static_cast<double>(c - before) / static_cast<double>(k - before);
      const auto between = [&](const std::vector<double>& values) {
        return values[before] + share * (values[k] - values[before]);
      };
      const std::size_t at = curve.place[c];
      solutions.gain[at] =
          std::complex<float>(std::polar(between(curve.amplitude), between(curve.phase)));
      solutions.flag[at] = 0;
      solutions.snr[at] =
          std::min(solutions.snr[curve.place[before]], solutions.snr[curve.place[k]]);
      solutions.error[at] =
          std::max(solutions.error[curve.place[before]], solutions.error[curve.place[k]]);
      ++filled;
    }
    before = k;
  }
  return filled;
}

void smooth_curve(std::size_t half, const Curve& curve, Solutions& solutions) {
  for (std::size_t k = 0; k < curve.place.size(); ++k) {
    if (curve.good[k] == 0) continue;
    // As many on either side, or a slope would move the ends.
    const std::size_t reach = std::min({half, k, curve.place.size() - 1 - k});
    double amplitude = 0, phase = 0, count = 0;
    for (std::size_t c = k - reach; c <= k + reach; ++c) {
      if (curve.good[c] == 0) continue;
      amplitude += curve.amplitude[c];
      phase += curve.phase[c];
      ++count;
    }
    const std::size_t at = curve.place[k];
    solutions.gain[at] = std::complex<float>(std::polar(amplitude / count, phase / count));
    const auto less = static_cast<float>(1 / std::sqrt(count));
    solutions.error[at] *= less;
    solutions.snr[at] /= less;
  }
}

}  // namespace

void normalise_bandpass(Solutions& solutions) {
  for (std::size_t t = 0; t < solutions.intervals.size(); ++t) {
    for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
      for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
        double power = 0, count = 0;
        for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
          const std::size_t at = solutions.index(t, f, p, a);
          if (solutions.flag[at] != 0) continue;
          power += std::norm(std::complex<double>(solutions.gain[at]));
          ++count;
        }
        if (!(power > 0)) continue;
        const auto factor = static_cast<float>(1 / std::sqrt(power / count));
        for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
          const std::size_t at = solutions.index(t, f, p, a);
          if (solutions.flag[at] != 0) continue;
          solutions.gain[at] *= factor;
          solutions.error[at] *= factor;
        }
      }
    }
  }
  solutions.normalised = true;
}

std::size_t fill_bandpass_gaps(std::size_t most, Solutions& solutions) {
  std::size_t filled = 0;
  each_curve(solutions, [&](std::vector<std::size_t> places) {
    filled += fill_curve(most, curve_of(std::move(places), solutions), solutions);
  });
  // Where nothing had been solved, the phases are those of the channel before.
  for (std::size_t t = 0; t < solutions.intervals.size(); ++t) {
    for (std::size_t f = 1; f < solutions.frequencies.size(); ++f) {
      for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
        const auto* const flags = &solutions.flag[solutions.index(t, f, p, 0)];
        const bool any = std::find(flags, flags + solutions.antennas.size(), 0) !=
                         flags + solutions.antennas.size();
        std::int32_t& refant = solutions.refant[solutions.group(t, f, p)];
        if (any && refant < 0) refant = solutions.refant[solutions.group(t, f - 1, p)];
      }
    }
  }
  return filled;
}

void smooth_bandpass(std::size_t width, Solutions& solutions) {
  each_curve(solutions, [&](std::vector<std::size_t> places) {
    smooth_curve(width / 2, curve_of(std::move(places), solutions), solutions);
  });
}

}  // namespace skymill::radio
