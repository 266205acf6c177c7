// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/geometry/point_source.h>

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <utility>

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

}  // namespace skymill::radio
