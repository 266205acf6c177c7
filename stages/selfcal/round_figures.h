// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

namespace skymill::radio {

/// What the record of one round of self-calibration says of it; figures that it lacks are absent.
struct RoundFigures {
  std::string error;  ///< that ended the run, or became of a part of it; empty for a good one
  std::optional<double> peak_jy;                              ///< of the image before it is cleaned
  std::optional<double> rms_jy;                               ///< of what cleaning leaves
  std::optional<double> chi2;                                 ///< as `model_fit` has it
  std::optional<double> flagged;                              ///< fraction of the data
  std::optional<double> antenna_snr;                          ///< of the middle antenna's solutions
  std::optional<double> phase_spread_deg, amplitude_scatter;  ///< across antennas

  /// Peak over noise of the image. With several planes peak and noise are the middle ones.
  std::optional<double> snr() const {
    if (!peak_jy || !rms_jy || *rms_jy <= 0) return std::nullopt;
    return *peak_jy / *rms_jy;
  }
};

/// Reads a run record.
/// @param run  the batch that the run must be of; empty takes any
/// @return nothing when there is no record, or one of another batch
/// @throws Error (input) when it is no run record
std::optional<RoundFigures> read_round(const std::string& path, const std::string& run);

}  // namespace skymill::radio
