// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>
#include <stages/image/drift_pointings.h>

#include <cmath>

namespace skymill::radio {

namespace {

// The sky drifts by 2.5 arcmin, a thousandth of the beam's power where it is steepest and a dish
// has 5 m; the mean within a moment is exact to first order.
constexpr double kMoment = 10;  // s

/// Weights of the good samples of a row.
double good_weight(const Visibilities& chunk, std::size_t row) {
  double sum = 0;
  for (std::size_t k = 0; k < chunk.nchan * chunk.ncorr; ++k) {
    const std::size_t cell = row * chunk.nchan * chunk.ncorr + k;
    if (chunk.flag[cell] != 0) continue;
    const float weight = chunk.weight_spectrum.empty()
                             ? chunk.weight[row * chunk.ncorr + k % chunk.ncorr]
                             : chunk.weight_spectrum[cell];
    if (std::isfinite(weight) && weight > 0) sum += static_cast<double>(weight);
  }
  return sum;
}

}  // namespace

DriftPointings::DriftPointings(const ObservationHeader& header, double dec_rad)
    : site_(array_position(header)), dec_rad_(dec_rad) {}

void DriftPointings::add(const Visibilities& chunk) {
  for (std::size_t row = 0; row < chunk.rows(); ++row) {
    const double weight = good_weight(chunk, row);
    if (!(weight > 0)) continue;
    const double begin = std::floor(chunk.time_s[row] / kMoment);
    Moment& moment = moments_[static_cast<std::int64_t>(begin)];
    moment.weight += weight;
    moment.weighted_s += weight * (chunk.time_s[row] - begin * kMoment);
  }
}

std::vector<BeamPointing> DriftPointings::pointings() const {
  std::vector<BeamPointing> pointings;
  for (const auto& [begin, moment] : moments_) {
    const double time_s = static_cast<double>(begin) * kMoment + moment.weighted_s / moment.weight;
    const SkyFrame frame(time_s, site_, Orientation{}, StalePolicy::nearest);
    pointings.push_back({frame.icrs_of(0, dec_rad_), moment.weight});
  }
  return pointings;
}

}  // namespace skymill::radio
