// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/lane.h>
#include <stages/data/visibilities.h>
#include <stages/sky/component.h>
#include <stages/sky/model_image.h>
#include <stages/sky/model_params.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// All that a model of the sky is made of, together.
struct ModelSky {
  std::vector<Component> components;
  std::optional<ModelImage> image;
  double reference_hz = 0;  ///< of components that have none of their own
  std::string words;        ///< such as `calibrator 3C286 of 14.98 Jy at 1.405 GHz`
};

/// Where the fluxes of the model hold: as given, or else halfway between the outermost channels of
/// all data descriptions, so that a selection of some of them does not move it.
double model_reference_hz(const ModelParams& params, const ObservationHeader& header);

/// Reads what the parameters name.
/// @throws Error (description) when there is no model or a line of it cannot be read, (input) when
///         a file cannot, or a calibrator's flux is not known in the band of the data
ModelSky model_sky(const ModelParams& params, const ObservationHeader& header, Lanes& lanes);

}  // namespace skymill::radio
