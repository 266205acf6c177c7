// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/units.h>
#include <stages/calibrate/solve_params.h>

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
      "Solve for complex antenna gains against a point source, by channel or spectral window."};
  s.field("flux", &SolveParams::flux,
          "Flux density of the calibrator, at the reference frequency if one is given")
      .unit("Jy")
      .positive()
      .required();
  s.field("spectral_index", &SolveParams::spectral_index,
          "Of the calibrator: flux goes with frequency to this power")
      .range(-10, 10);
  s.field("reference_frequency", &SolveParams::reference_frequency,
          "Where the flux is given; needed with a spectral index")
      .unit("Hz")
      .positive();
  s.field("direction", &SolveParams::direction,
          "Right ascension and declination of the calibrator in the frame of the data; empty "
          "takes the phase centre")
      .unit("rad");
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
  s.check(
      [](const SolveParams& p) {
        return p.spectral_index == 0 || p.reference_frequency.has_value();
      },
      "spectral_index needs reference_frequency, the frequency at which flux holds");
  s.check([](const SolveParams& p) { return p.direction.empty() || p.direction.size() == 2; },
          "direction is a right ascension and a declination");
  s.example("solve:\n  flux: 12.5 Jy\n  solve_per: channel\n  refant: [pad103]",
            "a bandpass: one gain an antenna, channel and polarisation");
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
