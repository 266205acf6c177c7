// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/sky_frame.h>
#include <stages/simulate/counted_random.h>
#include <stages/simulate/sky_model.h>

#include <cmath>

namespace skymill::radio {

namespace {

/// The place where a share of a power law dN/dS ∝ S^-slope between two fluxes is fainter.
double flux_at(double share, const SourceCounts& counts) {
  const double rise = 1 - counts.slope;
  if (rise == 0) {
    return counts.faintest_jy * std::pow(counts.brightest_jy / counts.faintest_jy, share);
  }
  const double low = std::pow(counts.faintest_jy, rise), high = std::pow(counts.brightest_jy, rise);
  return std::pow(low + share * (high - low), 1 / rise);
}

}  // namespace

std::vector<PointSource> random_sources(const SourceCounts& counts, std::uint64_t seed) {
  const CountedRandom random(seed);
  const CountedRandom of_index = random.child(0x696e646578ULL);
  std::vector<PointSource> sources(counts.count);
  for (std::size_t k = 0; k < counts.count; ++k) {
    const double radius = std::sin(counts.radius_rad) * std::sqrt(random.uniform(3 * k));
    const double angle = 2 * 3.14159265358979323846 * random.uniform(3 * k + 1);
    PointSource& source = sources[k];
    source.name = "S" + std::to_string(k + 1);
    source.l = radius * std::cos(angle);
    source.m = radius * std::sin(angle);
    source.flux_jy = flux_at(random.uniform(3 * k + 2), counts);
    source.spectral_index =
        counts.index_mean + counts.index_scatter * of_index.normal_pair(k).real();
  }
  return sources;
}

}  // namespace skymill::radio
