// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/geometry/point_source.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::radio {

/// How many sources of which flux.
struct SourceCounts {
  std::size_t count = 0;
  double radius_rad = 0;
  double faintest_jy = 0;
  double brightest_jy = 0;
  double slope = 1;  ///< dN/dS ∝ S^-slope; 1: even in the logarithm
  double index_mean = 0;
  double index_scatter = 0;  ///< standard deviation of the spectral indices
};

/// Sources strewn evenly over a disc.
std::vector<PointSource> random_sources(const SourceCounts& counts, std::uint64_t seed);

}  // namespace skymill::radio
