// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/sky_frame.h>
#include <stages/simulate/dsa110_simulation.h>
#include <stages/simulate/simulation_truth.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace skymill::radio {

namespace {

using Json = nlohmann::ordered_json;

const char* name_of(PrimaryBeam beam) {
  return beam == PrimaryBeam::airy ? "airy" : beam == PrimaryBeam::tapered ? "tapered" : "none";
}

Json receiver_json(const AntennaReceiver& receiver) {
  Json json{{"antenna", receiver.antenna},
            {"delay_ns", {1e9 * receiver.delay_s[0], 1e9 * receiver.delay_s[1]}},
            {"ripple_period_hz", receiver.ripple_period_hz},
            {"ripple_phase_rad", receiver.ripple_phase_rad}};
  if (receiver.dead) json["dead"] = true;
  return json;
}

Json event_json(const InterferenceEvent& event, const Dsa110Simulation& dsa110) {
  const ObservationHeader& header = *dsa110.header();
  Json json{{"kind", name_of(event.kind)},
            {"integrations", {event.first_integration, event.last_integration}}};
  switch (event.kind) {
    case InterferenceKind::carrier:
    case InterferenceKind::drifting: {
      const auto& windows = header.spectral_windows;
      const std::size_t nchan = windows.front().chan_freq_hz.size();
      const std::size_t window = windows.size() - 1 - event.channel / nchan;
      const double width_hz = windows[window].chan_width_hz.front();
      json["freq_hz"] = windows[window].chan_freq_hz[nchan - 1 - event.channel % nchan];
      json["hz_per_integration"] = 0 - width_hz * event.channels_per_integration;
      json["flux_jy"] = event.flux_jy;
      break;
    }
    case InterferenceKind::burst:
      json["flux_jy"] = event.flux_jy;
      break;
    case InterferenceKind::zero:
    case InterferenceKind::nan:
      json["subband"] = event.subband;
      json["antenna"] = dsa110.receivers()[event.antenna].antenna;
      break;
  }
  return json;
}

void add_dsa110(Json& json, const Dsa110Simulation& dsa110) {
  const Dsa110Setup& setup = dsa110.setup();
  json["beam"] = name_of(setup.beam);
  json["counts_per_jy"] = setup.counts_per_jy;
  json["noise_jy"] = setup.noise_jy;
  const Bandpass& bandpass = setup.bandpass;
  const bool shaped = bandpass.ripple != 0 || bandpass.edge != 0 || !bandpass.notches_hz.empty();
  const ReceiverErrors& errors = setup.receivers;
  if (shaped || errors.delay_s != 0 || errors.outrigger_delay_s != 0 ||
      !errors.dead_antennas.empty()) {
    json["bandpass"] = {
        {"ripple", bandpass.ripple}, {"edge", bandpass.edge}, {"notches_hz", bandpass.notches_hz}};
    for (const AntennaReceiver& receiver : dsa110.receivers()) {
      json["receivers"].push_back(receiver_json(receiver));
    }
  }
  for (const InterferenceEvent& event : dsa110.interference().events()) {
    json["interference"].push_back(event_json(event, dsa110));
  }
}

}  // namespace

std::string truth_json(const std::vector<PointSource>& sources, const Direction& phase_centre,
                       double reference_hz, const std::vector<AntennaGain>& gains, std::size_t seed,
                       const Dsa110Simulation* dsa110) {
  Json json;
  json["phase_centre"] = {{"ra_rad", phase_centre.ra_rad},
                          {"dec_rad", phase_centre.dec_rad},
                          {"frame", phase_centre.frame}};
  json["reference_hz"] = reference_hz;
  json["sources"] = Json::array();
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
  json["seed"] = seed;
  for (const AntennaGain& gain : gains) {
    Json entry;
    entry["antenna"] = gain.antenna;
    entry["amplitude"] = {std::abs(gain.hand[0]), std::abs(gain.hand[1])};
    entry["phase_rad"] = {std::arg(gain.hand[0]), std::arg(gain.hand[1])};
    json["gains"].push_back(std::move(entry));
  }
  if (dsa110 != nullptr) add_dsa110(json, *dsa110);
  return json.dump(2) + "\n";
}

}  // namespace skymill::radio
