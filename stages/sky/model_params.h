// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// The model of the sky that a stage's parameters describe.
struct ModelParams {
  std::string calibrator;
  std::string calibrators;           // file
  std::vector<std::string> sources;  // l m flux [index]
  std::string components;            // file
  std::string model;                 // image
  std::optional<double> flux;        // Jy
  double spectral_index = 0;
  std::optional<double> reference_frequency;  // Hz
  std::vector<double> direction;              // rad: right ascension, declination
  std::string primary_beam = "none";
  std::optional<double> pointing_dec;  // rad
};

/// What the parameters of a stage say of the model, which have the names of `ModelParams`.
template <class Params>
ModelParams model_of(const Params& p) {
  return {p.calibrator, p.calibrators,  p.sources,        p.components,
          p.model,      p.flux,         p.spectral_index, p.reference_frequency,
          p.direction,  p.primary_beam, p.pointing_dec};
}

/// What is wrong with the model as a whole, no model at all among it; nothing for a good one.
std::optional<std::string> model_fault(const ModelParams& params);

/// Declares the parameters of the model, and checks them.
/// @param needed false allows no model at all
template <class Params>
void declare_model(Schema<Params>& s, bool needed) {
  s.field("calibrator", &Params::calibrator,
          "A calibrator by name, such as 3C286 or J1331+3030: its place, and its flux after Perley "
          "& Butler 2017 or the list");
  s.field("calibrators", &Params::calibrators,
          "List of calibrators, as the stages/sky/calibrators.csv that is taken when this is empty")
      .advanced();
  s.field("sources", &Params::sources,
          "Known sources of the field as 'l m flux [index]' each, such as "
          "'30arcsec -20arcsec 1.5Jy -0.7', l east and m north of the data's phase centre; empty "
          "takes one of flux. What a model leaves out, gains of N antennas absorb by about 2/N");
  s.field("components", &Params::components,
          "File of sources, points and Gaussians, with columns flux, and l and m or ra and dec");
  s.field("model", &Params::model, "Model image in Jy/pixel, CASA image or FITS");
  s.field("flux", &Params::flux,
          "Flux density of the one calibrator, at the reference frequency if one is given; with "
          "calibrator in place of the list's; not used when sources are listed")
      .unit("Jy")
      .positive();
  s.field("spectral_index", &Params::spectral_index,
          "Of the calibrator: flux goes with frequency to this power")
      .range(-10, 10);
  s.field("reference_frequency", &Params::reference_frequency,
          "Where flux or the fluxes of sources hold; needed with spectral_index; for sources "
          "none takes the middle of the data's band")
      .unit("Hz")
      .positive();
  s.field("direction", &Params::direction,
          "Right ascension and declination of the calibrator in the frame of the data; empty "
          "takes the phase centre")
      .unit("rad");
  s.field("primary_beam", &Params::primary_beam,
          "none, or dish: every source counts by the power beam of the telescope's dishes towards "
          "it, channel by channel")
      .choices({"none", "dish"});
  s.field("pointing_dec", &Params::pointing_dec,
          "With primary_beam: the dishes stand on the meridian at this apparent declination, and "
          "the sky drifts through their beam; none takes the declination that the data bring, or "
          "dishes that track the phase centre")
      .unit("rad");
  s.check(
      [needed](const Params& p) -> std::optional<std::string> {
        const ModelParams model = model_of(p);
        const bool any = !model.calibrator.empty() || !model.sources.empty() ||
                         !model.components.empty() || !model.model.empty() || model.flux;
        if (!any && !needed) return std::nullopt;
        return model_fault(model);
      },
      "the model is a calibrator, flux (spectral_index then needs reference_frequency), sources, "
      "components, a model image, or several of these; direction and spectral_index are for flux "
      "alone");
  s.check([](const Params& p) { return p.direction.empty() || p.direction.size() == 2; },
          "direction is a right ascension and a declination");
}

}  // namespace skymill::radio
