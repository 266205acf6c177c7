// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/simulate/counted_random.h>
#include <stages/simulate/sky_model.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

namespace skymill::radio {

double PointSource::n() const { return std::sqrt(1 - l * l - m * m); }

double PointSource::flux_jy_at(double freq_hz, double reference_hz) const {
  return spectral_index == 0 ? flux_jy : flux_jy * std::pow(freq_hz / reference_hz, spectral_index);
}

std::vector<PointSource> parse_sources(const std::vector<std::string>& lines) {
  std::vector<PointSource> sources;
  for (const std::string& line : lines) {
    std::istringstream words(line);
    std::string l, m, flux, index, more;
    words >> l >> m >> flux >> index >> more;
    PointSource source;
    try {
      source.l = std::sin(parse_quantity(l, "rad"));
      source.m = std::sin(parse_quantity(m, "rad"));
      source.flux_jy = parse_quantity(flux, "Jy");
      if (!index.empty()) source.spectral_index = parse_quantity(index, "");
      if (!more.empty()) throw std::invalid_argument("'" + more + "' is one word too many");
    } catch (const std::invalid_argument& problem) {
      throw Error(ErrorKind::description,
                  "the source '" + line + "' cannot be read: " + problem.what(),
                  "write 'l m flux [index]', such as '30arcsec -20arcsec 1.5Jy -0.7'");
    }
    if (source.l * source.l + source.m * source.m >= 1) {
      throw Error(ErrorKind::description, "the source '" + line + "' is below the horizon");
    }
    source.name = "S" + std::to_string(sources.size() + 1);
    sources.push_back(std::move(source));
  }
  return sources;
}

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

Direction direction_of(const PointSource& source, const Direction& centre) {
  const double sin_d = std::sin(centre.dec_rad), cos_d = std::cos(centre.dec_rad);
  Direction direction = centre;
  direction.dec_rad = std::asin(source.m * cos_d + source.n() * sin_d);
  direction.ra_rad += std::atan2(source.l, source.n() * cos_d - source.m * sin_d);
  return direction;
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
    const Direction direction = direction_of(source, phase_centre);
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
