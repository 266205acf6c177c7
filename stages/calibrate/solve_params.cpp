// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibrate/solve_params.h>
#include <stages/geometry/point_source.h>

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

/// What is wrong with the model as a whole; nothing for a good one.
std::optional<std::string> model_fault(const SolveParams& p) {
  if (p.sources.empty()) {
    if (!p.flux) {
      return "solve needs a model: the flux of a calibrator, or sources, a list of "
             "'l m flux [index]'";
    }
    if (p.spectral_index != 0 && !p.reference_frequency) {
      return "spectral_index needs reference_frequency, the frequency at which flux holds";
    }
    return std::nullopt;
  }
  if (!p.direction.empty()) {
    return "direction and sources contradict each other: sources have an l and m each; leave "
           "direction out";
  }
  if (p.spectral_index != 0) {
    return "spectral_index and sources contradict each other: write the index behind the flux of "
           "each source";
  }
  try {
    parse_sources(p.sources);
  } catch (const Error& problem) {
    return problem.message() + (problem.hint().empty() ? "" : "; " + problem.hint());
  }
  return std::nullopt;
}

}  // namespace

Schema<SolveParams> solve_schema() {
  Schema<SolveParams> s{
      "Solve for complex antenna gains against point sources, by channel or spectral window."};
  s.field("sources", &SolveParams::sources,
          "Known sources of the field as 'l m flux [index]' each, such as "
          "'30arcsec -20arcsec 1.5Jy -0.7', l east and m north of the data's phase centre; empty "
          "takes one of flux. What a model leaves out, gains of N antennas absorb by about 2/N");
  s.field("flux", &SolveParams::flux,
          "Flux density of the one calibrator, at the reference frequency if one is given; not "
          "used when sources are listed")
      .unit("Jy")
      .positive();
  s.field("spectral_index", &SolveParams::spectral_index,
          "Of the calibrator: flux goes with frequency to this power")
      .range(-10, 10);
  s.field("reference_frequency", &SolveParams::reference_frequency,
          "Where flux or the fluxes of sources hold; needed with spectral_index; for sources "
          "none takes the middle of the data's band")
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
  s.check(model_fault,
          "the model is flux (spectral_index then needs reference_frequency), or sources without "
          "direction and spectral_index");
  s.check([](const SolveParams& p) { return p.direction.empty() || p.direction.size() == 2; },
          "direction is a right ascension and a declination");
  s.example("solve:\n  flux: 12.5 Jy\n  solve_per: channel\n  refant: [pad103]",
            "a bandpass: one gain an antenna, channel and polarisation");
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
