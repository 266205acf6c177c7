// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <erfa.h>
#include <stages/geometry/slow_terms.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kMjdZero = 2400000.5;
constexpr std::int64_t kNodesPerDay = 48;
constexpr double kLastDay = 1e7;  // beyond it is no calendar

void require_date(const JulianDate& tt) {
  if (tt.day > 0 && tt.day < kLastDay) return;
  throw Error(ErrorKind::input, "no astrometry for " + date_text(tt.day - kMjdZero),
              "check the time stamps");
}

std::array<double, 3> between(const std::array<double, 3>& a, const std::array<double, 3>& b,
                              double part) {
  return {a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]), a[2] + part * (b[2] - a[2])};
}

}  // namespace

SlowTerms slow_terms(const JulianDate& tt) {
  require_date(tt);
  double from_sun[2][3], from_barycentre[2][3], matrix[3][3];
  eraEpv00(tt.day, tt.fraction, from_sun, from_barycentre);  // TT for TDB: 2 ms apart at most
  eraPnm06a(tt.day, tt.fraction, matrix);
  SlowTerms terms;
  auto& [x, y, s] = terms.pole_rad;
  eraBpn2xy(matrix, &x, &y);
  s = eraS06(tt.day, tt.fraction, x, y);
  for (std::size_t k = 0; k < 3; ++k) {
    terms.from_barycentre_au[k] = from_barycentre[0][k];
    terms.velocity_au_d[k] = from_barycentre[1][k];
    terms.from_sun_au[k] = from_sun[0][k];
  }
  return terms;
}

SlowTerms SlowTermNodes::at(const JulianDate& tt) const {
  require_date(tt);
  const double place = kNodesPerDay * ((tt.day - kMjdZero) + tt.fraction);
  const auto number = static_cast<std::int64_t>(std::floor(place));
  const double part = place - static_cast<double>(number);
  const std::lock_guard lock(mutex_);
  const SlowTerms& a = node(number);
  const SlowTerms& b = node(number + 1);
  return {between(a.pole_rad, b.pole_rad, part),
          between(a.from_barycentre_au, b.from_barycentre_au, part),
          between(a.velocity_au_d, b.velocity_au_d, part),
          between(a.from_sun_au, b.from_sun_au, part)};
}

const SlowTerms& SlowTermNodes::node(std::int64_t number) const {
  const auto it = nodes_.find(number);
  if (it != nodes_.end()) return it->second;
  const double mjd = static_cast<double>(number) / kNodesPerDay;
  return nodes_.emplace(number, slow_terms({kMjdZero, mjd})).first->second;
}

}  // namespace skymill::radio
