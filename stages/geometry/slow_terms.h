// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/geometry/earth_time.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>

namespace skymill::radio {

/// What of the sky's frame changes within days and not within seconds, and takes long to compute:
/// series of some two thousand terms.
struct SlowTerms {
  /// The celestial pole: X, Y of the intermediate pole and the locator s, radians (IAU 2006/2000A).
  std::array<double, 3> pole_rad{};
  /// The Earth from the barycentre of the solar system, au, and its velocity, au a day.
  std::array<double, 3> from_barycentre_au{}, velocity_au_d{};
  /// The Earth from the Sun, au.
  std::array<double, 3> from_sun_au{};
};

/// The terms at a moment in full; about 0.15 ms.
/// @throws Error (input) when the date is none
SlowTerms slow_terms(const JulianDate& tt);

/// The terms of many moments, linear between nodes that stand every 30 minutes of terrestrial time
/// whatever is asked for: a moment always has the same terms, and leap seconds do not show.
///
/// With a fortnight's nutation (0.1 arcsec in X and Y) and the change of aberration as the largest
/// terms, directions differ by less than 3 micro-arcsec from those of `slow_terms`.
class SlowTermNodes {
 public:
  /// May be called from many threads. @throws as slow_terms
  SlowTerms at(const JulianDate& tt) const;

 private:
  const SlowTerms& node(std::int64_t number) const;

  mutable std::mutex mutex_;
  mutable std::map<std::int64_t, SlowTerms> nodes_;
};

}  // namespace skymill::radio
