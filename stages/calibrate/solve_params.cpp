// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibrate/solve_params.h>
#include <stages/sky/model_params.h>

#include <limits>

namespace skymill::radio {

namespace {

/// What is wrong with a solution interval; nothing for a good one.
std::optional<std::string> solint_fault(const std::string& text) {
  if (text == "inf" || text == "int") return std::nullopt;
  try {
    if (parse_quantity(text, "s") > 0) return std::nullopt;
    return "solint must be more than 0 s; it is '" + text + "'";
  } catch (const QuantityError& problem) {
    return "solint is 'inf', 'int' or a time such as 60s, not '" + text + "': " + problem.what();
  }
}

}  // namespace

Schema<SolveParams> solve_schema() {
  Schema<SolveParams> s{
      "Solve for complex antenna gains against a model, by channel or spectral window."};
  declare_model(s, true);
  s.field("solint", &SolveParams::solint,
          "Time that shares a solution: inf, int (each integration), or such as 60s");
  s.field("solve_per", &SolveParams::solve_per, "Frequencies that share a solution")
      .choices({"channel", "spw"});
  s.field("mode", &SolveParams::mode, "ap: amplitude and phase; p: phase alone, amplitude 1")
      .choices({"ap", "p"});
  s.field("refant", &SolveParams::refant,
          "Antennas that may have phase 0, the best first; empty takes a good one near the centre");
  s.field("minsnr", &SolveParams::minsnr, "Solutions below this are flagged")
      .unit("sigma")
      .range(0, 1e6);
  s.field("minblperant", &SolveParams::minblperant,
          "Antennas with fewer good baselines are left out of a solution")
      .range(2, 4096);
  s.field("uvmin", &SolveParams::uvmin, "Shorter baselines are left out")
      .unit("lambda")
      .range(0, 1e12);
  s.field("tolerance", &SolveParams::tolerance, "Relative change at which the solver stops")
      .range(1e-12, 0.1)
      .advanced();
  s.field("maxiter", &SolveParams::maxiter,
          "Iterations after which a cell that has not converged is flagged")
      .range(2, 100000)
      .advanced();
  s.check([](const SolveParams& p) { return solint_fault(p.solint); },
          "solint is inf, int or a time");
  s.example("solve:\n  flux: 12.5 Jy\n  solve_per: channel\n  refant: [pad103]",
            "a bandpass: one gain an antenna, channel and polarisation");
  s.example("solve:\n  calibrator: 3C286\n  solve_per: spw",
            "a gain an antenna, window and polarisation, on the scale of Perley & Butler 2017");
  s.example(
      "solve:\n  sources: [0arcsec 0arcsec 10Jy, 900arcsec 300arcsec 1Jy -0.7]\n"
      "  solve_per: spw",
      "a calibrator and a fainter source beside it, both in the model");
  return s;
}

double solint_s(const SolveParams& params) {
  if (params.solint == "inf") return std::numeric_limits<double>::infinity();
  if (params.solint == "int") return 0;
  return parse_quantity(params.solint, "s");
}

kernels::StefcalOptions stefcal_options(const SolveParams& params) {
  kernels::StefcalOptions options;
  options.mode =
      params.mode == "p" ? kernels::GainMode::kPhase : kernels::GainMode::kAmplitudePhase;
  options.tolerance = params.tolerance;
  options.max_iterations = params.maxiter;
  options.min_baselines = params.minblperant;
  options.min_snr = params.minsnr;
  return options;
}

}  // namespace skymill::radio
