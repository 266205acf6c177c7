// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/sky/model_sky.h>

#include <algorithm>
#include <limits>

namespace skymill::radio {

namespace {

/// The one source of `calibrator`, or of `flux` at `direction` or the phase centre.
Component one_calibrator(const ModelParams& params) {
  Component component;
  if (!params.calibrator.empty()) {
    component = component_of(CalibratorList::of(params.calibrators).at(params.calibrator));
  } else if (!params.direction.empty()) {
    component.direction = {params.direction[0], params.direction[1], {}};
  }
  if (params.flux) {
    component.calibrator.reset();
    component.flux_jy = *params.flux;
    component.spectral_index = params.spectral_index;
  }
  return component;
}

std::string words_of(const Component& calibrator, double middle_hz, double reference_hz) {
  const std::string name = calibrator.name.empty() ? "calibrator" : "calibrator " + calibrator.name;
  const double flux_jy = calibrator.flux_jy_at(middle_hz, reference_hz);
  return name + " of " + format_quantity(flux_jy, "Jy") +
         (calibrator.calibrator ? " at " + format_quantity(middle_hz, "Hz") : "");
}

std::string words_of(const ModelSky& sky) {
  std::string words;
  if (!sky.components.empty()) {
    double sum_jy = 0;
    for (const Component& component : sky.components) {
      sum_jy += component.flux_jy_at(sky.reference_hz, sky.reference_hz);
    }
    words = "model of " + std::to_string(sky.components.size()) + " sources, together " +
            format_quantity(sum_jy, "Jy");
  }
  if (!sky.image) return words;
  return words + (words.empty() ? "" : ", and ") + "model '" + sky.image->path + "' of " +
         std::to_string(sky.image->directions.size()) + " pixels, together " +
         format_quantity(sky.image->total_jy, "Jy");
}

/// The lowest and the highest channel.
std::pair<double, double> band_of(const ObservationHeader& header) {
  double low_hz = std::numeric_limits<double>::infinity(), high_hz = 0;
  for (const DataDescription& description : header.data_descriptions) {
    for (const double freq_hz :
         header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window))
             .chan_freq_hz) {
      low_hz = std::min(low_hz, freq_hz);
      high_hz = std::max(high_hz, freq_hz);
    }
  }
  return {low_hz, high_hz};
}

}  // namespace

double model_reference_hz(const ModelParams& params, const ObservationHeader& header) {
  if (params.reference_frequency) return *params.reference_frequency;
  const auto [low_hz, high_hz] = band_of(header);
  return (low_hz + high_hz) / 2;
}

ModelSky model_sky(const ModelParams& params, const ObservationHeader& header, Lanes& lanes) {
  if (const auto fault = model_fault(params)) throw Error(ErrorKind::description, *fault);
  ModelSky sky;
  sky.reference_hz = model_reference_hz(params, header);
  const bool listed =
      !params.sources.empty() || !params.components.empty() || !params.model.empty();
  if (!params.calibrator.empty() || !listed) sky.components.push_back(one_calibrator(params));
  for (const PointSource& source : parse_sources(params.sources)) {
    sky.components.push_back(component_of(source));
  }
  if (!params.components.empty()) {
    const std::vector<Component> read = read_components(params.components);
    sky.components.insert(sky.components.end(), read.begin(), read.end());
  }
  if (!params.model.empty()) sky.image = read_model_image(params.model, lanes);
  const auto [low_hz, high_hz] = band_of(header);
  for (const Component& component : sky.components) {
    for (const double freq_hz : {low_hz, high_hz}) component.flux_jy_at(freq_hz, sky.reference_hz);
  }
  sky.words = listed ? words_of(sky)
                     : words_of(sky.components.front(), (low_hz + high_hz) / 2, sky.reference_hz);
  return sky;
}

}  // namespace skymill::radio
