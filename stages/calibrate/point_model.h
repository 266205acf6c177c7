// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibrate/solve_params.h>
#include <stages/data/visibilities.h>
#include <stages/geometry/point_source.h>

#include <complex>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace skymill::radio {

/// Direction cosines of a place relative to a phase centre (SIN projection), l to the east.
struct DirectionCosines {
  double l = 0;
  double m = 0;
  double n_minus_1 = 0;  ///< kept as a difference: near the centre n alone loses digits
};
DirectionCosines direction_cosines(double ra_rad, double dec_rad, const Direction& centre);

/// The sources of the model: those listed, or else one of `flux`, of which l and m are 0.
/// @throws Error (description) when there are none, or a line cannot be read
std::vector<PointSource> model_sources(const SolveParams& params);

/// Where the fluxes of the model hold: as given, or else halfway between the outermost channels of
/// all data descriptions, so that a selection of some of them does not move it.
double model_reference_hz(const SolveParams& params, const ObservationHeader& header);

/// Visibilities of unpolarised point sources: Σ S(ν) exp(+2πi(ul + vm + w(n-1))ν/c) in each
/// parallel hand, S(ν) = flux (ν/reference)^index (calibration.md 5.7).
class PointModel {
 public:
  PointModel(const SolveParams& params, std::shared_ptr<const ObservationHeader> header);

  /// Bytes that the model of so many sources holds.
  static std::size_t bytes(std::size_t sources, const ObservationHeader& header);

  /// The model of a row, by channel; valid until the next call.
  /// @throws Error (input) when places count from the phase centre and rows have different ones
  const std::vector<std::complex<double>>& row(const Visibilities& rows, std::size_t row);

 private:
  struct Component {
    std::vector<std::vector<double>> flux_jy;  ///< by data description and channel
    std::vector<DirectionCosines> place;       ///< by field, or one from any phase centre
  };

  void add_component(const PointSource& source, double reference_hz);
  void require_same_centre(std::size_t field);

  std::shared_ptr<const ObservationHeader> header_;
  std::vector<std::optional<double>> step_hz_;  ///< by data description: of even channels
  std::vector<Component> components_;
  bool listed_ = false;       ///< sources were, rather than one calibrator given
  bool from_centre_ = false;  ///< places count from the phase centre
  std::optional<std::size_t> first_field_;
  std::vector<std::complex<double>> values_;
};

}  // namespace skymill::radio
