// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/sky_frame.h>
#include <stages/simulate/counted_random.h>
#include <stages/simulate/sky_model.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace skymill::radio {

std::vector<PointSource> random_sources(std::size_t count, double radius_rad, double faintest_jy,
                                        double brightest_jy, std::uint64_t seed) {
  const CountedRandom random(seed);
  std::vector<PointSource> sources(count);
  for (std::size_t k = 0; k < count; ++k) {
    const double radius = std::sin(radius_rad) * std::sqrt(random.uniform(3 * k));
    const double angle = 2 * 3.14159265358979323846 * random.uniform(3 * k + 1);
    PointSource& source = sources[k];
    source.name = "S" + std::to_string(k + 1);
    source.l = radius * std::cos(angle);
    source.m = radius * std::sin(angle);
    source.flux_jy = faintest_jy * std::pow(brightest_jy / faintest_jy, random.uniform(3 * k + 2));
  }
  return sources;
}

std::string truth_json(const std::vector<PointSource>& sources, const Direction& phase_centre,
                       double reference_hz, const std::vector<AntennaGain>& gains) {
  nlohmann::ordered_json json;
  json["phase_centre"] = {{"ra_rad", phase_centre.ra_rad},
                          {"dec_rad", phase_centre.dec_rad},
                          {"frame", phase_centre.frame}};
  json["reference_hz"] = reference_hz;
  json["sources"] = nlohmann::ordered_json::array();
  for (const PointSource& source : sources) {
    const Direction direction = offset_direction(phase_centre, source.l, source.m);
    json["sources"].push_back({{"name", source.name},
                               {"ra_rad", direction.ra_rad},
                               {"dec_rad", direction.dec_rad},
                               {"l", source.l},
                               {"m", source.m},
                               {"flux_jy", source.flux_jy},
                               {"spectral_index", source.spectral_index}});
  }
  for (const AntennaGain& gain : gains) {
    nlohmann::ordered_json entry;
    entry["antenna"] = gain.antenna;
    entry["amplitude"] = {std::abs(gain.hand[0]), std::abs(gain.hand[1])};
    entry["phase_rad"] = {std::arg(gain.hand[0]), std::arg(gain.hand[1])};
    json["gains"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

}  // namespace skymill::radio
