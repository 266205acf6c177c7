// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/sky/component.h>
#include <stages/sky/source_table.h>

#include <cmath>
#include <fstream>
#include <utility>

namespace skymill::radio {

namespace {

const std::vector<std::string>& columns() {
  static const std::vector<std::string> names{"name",
                                              "ra",
                                              "dec",
                                              "l",
                                              "m",
                                              "flux",
                                              "spectral_index",
                                              "curvature",
                                              "reference_frequency",
                                              "major",
                                              "minor",
                                              "pa"};
  return names;
}

void read_place(const SourceRow& row, Component& component) {
  const bool on_sky = !row.text("ra").empty() || !row.text("dec").empty();
  const bool beside = !row.text("l").empty() || !row.text("m").empty();
  if (on_sky == beside) {
    throw row.fault(on_sky ? "there are both ra, dec and l, m" : "there is no place of the source",
                    "give either ra and dec, or l and m");
  }
  if (on_sky) {
    component.direction = row.direction();
    return;
  }
  component.l = std::sin(row.needed("l", "rad"));
  component.m = std::sin(row.needed("m", "rad"));
  if (component.l * component.l + component.m * component.m >= 1) {
    throw row.fault("the source is below the horizon");
  }
}

void read_shape(const SourceRow& row, Component& component) {
  const auto major_rad = row.quantity("major", "rad");
  if (!major_rad || *major_rad == 0) {
    if (row.quantity("minor", "rad").value_or(0) != 0) {
      throw row.fault("there is a minor axis without a major one");
    }
    return;
  }
  component.major_rad = *major_rad;
  component.minor_rad = row.quantity("minor", "rad").value_or(*major_rad);
  component.pa_rad = row.quantity("pa", "rad").value_or(0);
  if (!(component.minor_rad >= 0 && component.major_rad >= component.minor_rad)) {
    throw row.fault("the major axis is shorter than the minor one, or one is below 0");
  }
}

Component component_of(const SourceRow& row) {
  Component component;
  component.name = row.text("name");
  read_place(row, component);
  component.flux_jy = row.needed("flux", "Jy");
  component.spectral_index = row.quantity("spectral_index", "").value_or(0);
  component.curvature = row.quantity("curvature", "").value_or(0);
  component.reference_hz = row.quantity("reference_frequency", "Hz").value_or(0);
  if (component.reference_hz < 0) throw row.fault("the reference_frequency is below 0");
  read_shape(row, component);
  return component;
}

}  // namespace

double Component::flux_jy_at(double freq_hz, double model_hz) const {
  if (calibrator) return calibrator->flux_jy_at(freq_hz);
  if (spectral_index == 0 && curvature == 0) return flux_jy;
  const double ratio = freq_hz / (reference_hz > 0 ? reference_hz : model_hz);
  return flux_jy * std::pow(ratio, spectral_index + curvature * std::log10(ratio));
}

Component component_of(const PointSource& source) {
  Component component;
  component.name = source.name;
  component.l = source.l;
  component.m = source.m;
  component.flux_jy = source.flux_jy;
  component.spectral_index = source.spectral_index;
  return component;
}

Component component_of(const Calibrator& calibrator) {
  Component component;
  component.name = calibrator.name;
  component.direction = calibrator.direction;
  component.calibrator = calibrator;
  return component;
}

std::vector<Component> read_components(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Error(ErrorKind::input, "the list of components '" + path + "' cannot be read");
  std::vector<Component> components;
  for (const SourceRow& row : read_source_rows(in, path, columns())) {
    components.push_back(component_of(row));
    Component& component = components.back();
    if (component.name.empty()) component.name = "C" + std::to_string(components.size());
  }
  if (components.empty()) {
    throw Error(ErrorKind::input, "the list of components '" + path + "' has no sources");
  }
  return components;
}

}  // namespace skymill::radio
