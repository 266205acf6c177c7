// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrators/calibrator_ranking.h>
#include <stages/sky/direction_cosines.h>
#include <stages/sky/dish_beam.h>
#include <stages/sky/dish_pointing.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <tuple>

namespace skymill::radio {

namespace {

constexpr double kArcminPerRad = 60 * 180 / std::numbers::pi;

/// Where the dishes pointed to at each moment, ICRS.
std::vector<Direction> pointings_of(const ObservedMoments& observed, const RankingChoice& choice,
                                    const SkyFrames& frames) {
  const ObservationHeader& header = *observed.header;
  const std::optional<double> dec_rad = standing_declination(header, choice.pointing_dec_rad);
  std::vector<Direction> pointings;
  std::map<double, Direction> on_meridian;
  for (const ObservedMoment& moment : observed.moments) {
    if (!dec_rad) {
      pointings.push_back(icrs(header.fields.at(moment.field).phase_dir));
      continue;
    }
    const auto [found, fresh] = on_meridian.try_emplace(moment.mjd_utc_s);
    if (fresh) found->second = frames.at(moment.mjd_utc_s).icrs_of(0, *dec_rad);
    pointings.push_back(found->second);
  }
  return pointings;
}

/// The moment at which the pointing is nearest to the source; of equal ones that nearest to the
/// transit. Separations are the same when they differ by less than a milli-arcsecond.
std::size_t nearest_moment(const ObservedMoments& observed, const std::vector<Direction>& pointings,
                           const Direction& source, double transit_s) {
  constexpr double kSame = 5e-9;  // rad
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < pointings.size(); ++k) {
    const double apart = separation_rad(pointings[k], source);
    const auto wait = [&](std::size_t which) {
      return std::abs(observed.moments[which].mjd_utc_s - transit_s);
    };
    if (apart < least - kSame || (apart < least + kSame && wait(k) < wait(best))) {
      best = k;
      least = std::min(least, apart);
    }
  }
  return best;
}

}  // namespace

double band_middle_hz(const ObservationHeader& header) {
  double low_hz = std::numeric_limits<double>::infinity(), high_hz = 0;
  for (const SpectralWindow& window : header.spectral_windows) {
    for (const double freq_hz : window.chan_freq_hz) {
      low_hz = std::min(low_hz, freq_hz);
      high_hz = std::max(high_hz, freq_hz);
    }
  }
  return (low_hz + high_hz) / 2;
}

std::vector<RankedCalibrator> rank_calibrators(const ObservedMoments& observed,
                                               const CalibratorList& list,
                                               const RankingChoice& choice,
                                               const GeodeticPosition& site,
                                               const SkyFrames& frames) {
  const std::vector<Direction> pointings = pointings_of(observed, choice, frames);
  const double middle_s =
      (observed.moments.front().mjd_utc_s + observed.moments.back().mjd_utc_s) / 2;
  const double middle_hz = band_middle_hz(*observed.header);
  const auto dish = dish_beam(*observed.header);
  // A drift sees all right ascensions of its strip on some day, a dish that tracks only its fields.
  const bool tracked = !standing_declination(*observed.header, choice.pointing_dec_rad);
  std::vector<RankedCalibrator> ranked;
  for (const Calibrator& calibrator : list.all()) {
    const auto transit = transit_near(middle_s, calibrator.direction, site, frames);
    if (!transit) continue;
    RankedCalibrator one{calibrator, *transit, 0, 0, {}, {}, 1};
    const std::size_t nearest =
        nearest_moment(observed, pointings, calibrator.direction, transit->mjd_utc_s);
    one.nearest = observed.moments[nearest];
    one.off_dec_rad = calibrator.direction.dec_rad - pointings[nearest].dec_rad;
    one.separation_rad = separation_rad(calibrator.direction, pointings[nearest]);
    if (std::abs(one.off_dec_rad) > choice.radius_rad) continue;
    if (tracked && one.separation_rad > choice.radius_rad) continue;
    if (calibrator.has_flux_at(middle_hz)) one.flux_jy = calibrator.flux_jy_at(middle_hz);
    if (one.flux_jy.value_or(0) < choice.min_flux_jy) continue;
    if (dish) one.beam = dish->power(one.separation_rad * kArcminPerRad * middle_hz / 1e9);
    ranked.push_back(std::move(one));
  }
  std::stable_sort(
      ranked.begin(), ranked.end(), [&](const RankedCalibrator& a, const RankedCalibrator& b) {
        const auto key = [&](const RankedCalibrator& one) {
          return std::tuple(-one.seen_jy(), std::abs(one.transit.mjd_utc_s - middle_s));
        };
        return key(a) < key(b);
      });
  return ranked;
}

}  // namespace skymill::radio
