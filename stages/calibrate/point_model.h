// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibrate/solve_params.h>
#include <stages/data/visibilities.h>

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

/// Visibilities of one unpolarised point source: S(ν) exp(+2πi(ul + vm + w(n-1))ν/c) in each
/// parallel hand, S(ν) = flux (ν/reference)^index (calibration.md 5.7).
class PointModel {
 public:
  PointModel(const SolveParams& params, std::shared_ptr<const ObservationHeader> header);

  /// The model of a row, by channel; valid until the next call.
  /// @throws Error (input) when the source stands in the phase centre and rows have different ones
  const std::vector<std::complex<double>>& row(const Visibilities& rows, std::size_t row);

 private:
  void require_same_centre(std::size_t field);

  std::shared_ptr<const ObservationHeader> header_;
  std::vector<std::vector<double>> flux_jy_;  ///< by data description and channel
  std::vector<DirectionCosines> place_;       ///< by field; empty: in the phase centre
  std::optional<std::size_t> first_field_;
  std::vector<std::complex<double>> values_;
};

}  // namespace skymill::radio
