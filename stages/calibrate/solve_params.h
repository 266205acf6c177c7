// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <stages/data/solutions.h>
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
  std::string term = "G";
  std::string solint = "inf";
  std::string solve_per = "auto";
  std::size_t chanaverage = 1;
  std::vector<std::string> combine;
  std::string mode = "ap";
  std::vector<std::string> refant;
  std::string refantmode = "flex";
  double minsnr = 3;
  std::size_t minblperant = 4;
  double uvmin = 0;             // wavelengths
  std::optional<double> uvmax;  // wavelengths
  std::string robust = "none";
  bool solnorm = false;
  std::size_t fillgaps = 0;
  std::size_t smooth = 1;
  std::string flux_scale = "required";
  std::string doubtful = "warn";
  double max_flagged = 0.25;
  std::size_t min_antennas = 10;
  double tolerance = 1e-5;
  std::size_t maxiter = 100;
};

Schema<SolveParams> solve_schema();

/// The letter of `term`.
JonesTerm jones_term(const SolveParams& params);

/// Whether each channel, or group of `chanaverage` channels, has a solution of its own.
bool solves_channels(const SolveParams& params);

/// Whether all windows share one solution.
bool solves_band(const SolveParams& params);

/// Whether solutions go on over changes of `what`: scan, field or spw.
bool combines(const SolveParams& params, const std::string& what);

/// Length of a solution in seconds: infinity for `inf`, 0 for `int`.
double solint_s(const SolveParams& params);

kernels::StefcalOptions stefcal_options(const SolveParams& params);

}  // namespace skymill::radio
