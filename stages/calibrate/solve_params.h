// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <stages/kernels/stefcal.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// Parameters of `solve`; names and defaults are gaincal's and bandpass's where they have them.
struct SolveParams {
  // The model, as in ModelParams.
  std::string calibrator;
  std::string calibrators;
  std::vector<std::string> sources;
  std::string components;
  std::string model;
  std::optional<double> flux;  // Jy
  double spectral_index = 0;
  std::optional<double> reference_frequency;  // Hz
  std::vector<double> direction;              // rad
  std::string primary_beam = "none";
  std::optional<double> pointing_dec;  // rad
  std::string solint = "inf";
  std::string solve_per = "channel";
  std::string mode = "ap";
  std::vector<std::string> refant;
  double minsnr = 3;
  std::size_t minblperant = 4;
  double uvmin = 0;  // wavelengths
  double tolerance = 1e-5;
  std::size_t maxiter = 100;
};

Schema<SolveParams> solve_schema();

/// Length of a solution in seconds: infinity for `inf`, 0 for `int`.
double solint_s(const SolveParams& params);

kernels::StefcalOptions stefcal_options(const SolveParams& params);

}  // namespace skymill::radio
