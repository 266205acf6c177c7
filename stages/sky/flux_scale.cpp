// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/sky/flux_scale.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

double ScaleSource::flux_jy_at(double freq_hz) const {
  if (!(freq_hz >= low_hz && freq_hz <= high_hz)) {
    throw Error(ErrorKind::input,
                "the flux of " + name + " is known from " + format_quantity(low_hz, "Hz") + " to " +
                    format_quantity(high_hz, "Hz") + ", and " + format_quantity(freq_hz, "Hz") +
                    " is outside",
                "give flux, spectral_index and reference_frequency from where you have them");
  }
  const double log_ghz = std::log10(freq_hz / 1e9);
  double log_jy = 0;
  for (auto a = coefficients.rbegin(); a != coefficients.rend(); ++a) {
    log_jy = log_jy * log_ghz + *a;
  }
  return std::pow(10, log_jy);
}

const std::vector<ScaleSource>& perley_butler_2017() {
  static const std::vector<ScaleSource> table{
      {"3C48", {1.3253, -0.7553, -0.1914, 0.0498}, 0.05e9, 50e9},
      {"3C123", {1.8017, -0.7884, -0.1035, -0.0248, 0.0090}, 0.05e9, 50e9},
      {"3C138", {1.0088, -0.4981, -0.1552, -0.0102, 0.0223}, 0.2e9, 50e9},
      {"3C147", {1.4516, -0.6961, -0.2007, 0.0640, -0.0464, 0.0289}, 0.05e9, 50e9},
      {"3C196", {1.2872, -0.8530, -0.1534, -0.0200, 0.0201}, 0.05e9, 50e9},
      {"3C286", {1.2481, -0.4507, -0.1798, 0.0357}, 0.05e9, 50e9},
      {"3C295", {1.4701, -0.7658, -0.2780, -0.0347, 0.0399}, 0.05e9, 50e9},
  };
  return table;
}

const ScaleSource* scale_source(const std::string& name) {
  const auto& table = perley_butler_2017();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const ScaleSource& source) { return source.name == name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace skymill::radio
