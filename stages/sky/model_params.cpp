// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/point_source.h>
#include <stages/sky/calibrator_list.h>
#include <stages/sky/model_params.h>

#include <functional>

namespace skymill::radio {

namespace {

/// The message of what `check` throws.
std::optional<std::string> message_of(const std::function<void()>& check) {
  try {
    check();
  } catch (const Error& problem) {
    return problem.message() + (problem.hint().empty() ? "" : "; " + problem.hint());
  }
  return std::nullopt;
}

/// What is wrong with the one calibrator that `flux` or `calibrator` describe.
std::optional<std::string> calibrator_fault(const ModelParams& p) {
  if (!p.flux && p.spectral_index != 0) {
    return "spectral_index needs flux: the list has the spectrum of " + p.calibrator;
  }
  if (p.spectral_index != 0 && !p.reference_frequency) {
    return "spectral_index needs reference_frequency, the frequency at which flux holds";
  }
  if (p.calibrator.empty()) return std::nullopt;
  if (!p.direction.empty()) {
    return "direction and calibrator contradict each other: the list has the place of " +
           p.calibrator;
  }
  // A list of the user's own is read when the run begins.
  if (!p.calibrators.empty()) return std::nullopt;
  return message_of([&] { CalibratorList::shipped().at(p.calibrator); });
}

}  // namespace

std::optional<std::string> model_fault(const ModelParams& p) {
  const bool listed = !p.sources.empty() || !p.components.empty() || !p.model.empty();
  if (!listed && p.calibrator.empty() && !p.flux) {
    return "there is no model: give a calibrator by name, its flux, sources (a list of 'l m flux "
           "[index]'), components or a model image";
  }
  if (!p.calibrators.empty() && p.calibrator.empty()) {
    return "calibrators is a list to choose from, but no calibrator is named";
  }
  if (p.pointing_dec && p.primary_beam == "none") {
    return "pointing_dec says where a primary beam is, but primary_beam is none";
  }
  if (!listed || !p.calibrator.empty()) {
    if (const auto fault = calibrator_fault(p)) return fault;
  } else {
    const std::string what = !p.sources.empty()      ? "sources"
                             : !p.components.empty() ? "components"
                                                     : "model";
    if (!p.direction.empty()) {
      return "direction and " + what +
             " contradict each other: sources have a place each; leave "
             "direction out";
    }
    if (p.spectral_index != 0) {
      return "spectral_index and " + what +
             " contradict each other: write the index behind the "
             "flux of each source";
    }
  }
  return message_of([&] { parse_sources(p.sources); });
}

}  // namespace skymill::radio
