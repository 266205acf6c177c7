// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibrate/solve_params.h>
#include <stages/sky/model_params.h>

#include <algorithm>
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

/// What is wrong with how solutions are cut; nothing when they fit the term.
std::optional<std::string> cell_fault(const SolveParams& p) {
  if (p.term == "K" && p.solve_per == "channel") {
    return "a delay needs many channels: solve_per of term K is spw, or auto for one over all "
           "windows";
  }
  if (p.term == "B" && p.solve_per == "spw") {
    return "a bandpass has solutions by channel; a gain by window is term G";
  }
  const bool spw = combines(p, "spw");
  if (spw && p.term == "B") return "a bandpass cannot combine spectral windows";
  if (spw && p.solve_per != "auto") {
    return "combine: spw and solve_per: " + p.solve_per + " contradict each other";
  }
  if (p.chanaverage > 1 && !solves_channels(p)) {
    return "chanaverage is for solutions by channel";
  }
  if (p.term != "B" && (p.fillgaps > 0 || p.smooth > 1 || p.solnorm)) {
    return "solnorm, fillgaps and smooth are for a bandpass, term B";
  }
  if (p.smooth % 2 == 0) return "smooth is an odd number of channels";
  return std::nullopt;
}

}  // namespace

Schema<SolveParams> solve_schema() {
  Schema<SolveParams> s{
      "Solve for antennas' delays (K), bandpasses (B) or gains (G, T) against a model."};
  s.field("term", &SolveParams::term,
          "K: delays, over the whole band; B: bandpass, by channel; G: gains, by window; T: gains "
          "that both polarisations share")
      .choices({"K", "B", "G", "T"});
  declare_model(s, true);
  s.field("solint", &SolveParams::solint,
          "Time that shares a solution: inf, int (each integration), or such as 60s; a gap that is "
          "longer begins a new one");
  s.field("combine", &SolveParams::combine,
          "Solutions go on over changes of these: scan, field, spw, obs; fields must be phased to "
          "places that the model knows. Data carry no number of the observation, so obs is always "
          "combined")
      .choices({"scan", "field", "spw", "obs"});
  s.field("solve_per", &SolveParams::solve_per,
          "Frequencies that share a solution; auto: channel for B, spw for G and T, the whole band "
          "for K")
      .choices({"auto", "channel", "spw"});
  s.field("chanaverage", &SolveParams::chanaverage, "Channels that share a solution by channel")
      .range(1, 1000000);
  s.field("mode", &SolveParams::mode,
          "ap: amplitude and phase; p: phase alone, amplitude 1; a: amplitude alone, phase 0. Not "
          "for K")
      .choices({"ap", "p", "a"});
  s.field("refant", &SolveParams::refant,
          "Antennas that may have phase 0, the best first; empty takes one with hardly any flags "
          "near the centre");
  s.field("refantmode", &SolveParams::refantmode,
          "Where the reference antenna has no solution: flex keeps the phase of another, strict "
          "flags all")
      .choices({"flex", "strict"});
  s.field("minsnr", &SolveParams::minsnr, "Solutions below this are flagged")
      .unit("sigma")
      .range(0, 1e6);
  s.field("minblperant", &SolveParams::minblperant,
          "Antennas with fewer good baselines are left out of a solution")
      .range(2, 4096);
  s.field("uvmin", &SolveParams::uvmin, "Shorter baselines are left out")
      .unit("lambda")
      .range(0, 1e12);
  s.field("uvmax", &SolveParams::uvmax, "Longer baselines are left out").unit("lambda").positive();
  s.field("robust", &SolveParams::robust,
          "student: baselines that fit badly lose weight, as if their noise followed Student's "
          "distribution with 4 degrees of freedom; not for K")
      .choices({"none", "student"});
  s.field("solnorm", &SolveParams::solnorm,
          "Divide each bandpass by its rms amplitude over all windows: it then carries no flux "
          "scale, which a later gain has to");
  s.field("fillgaps", &SolveParams::fillgaps,
          "Interpolate a bandpass over so many flagged channels, amplitude and phase apart")
      .range(0, 1000000);
  s.field("smooth", &SolveParams::smooth, "Average a bandpass over so many channels, an odd number")
      .range(1, 1000001);
  s.field("flux_scale", &SolveParams::flux_scale,
          "The flux scale is the amplitude of one term, this or a prior one: of a gain (G, T), or "
          "of a bandpass that is not normalised. required: it is an error when a normalised "
          "bandpass leaves it to nobody; none: the data have it already, or a later term will")
      .choices({"required", "none"});
  s.field("doubtful", &SolveParams::doubtful,
          "What becomes of solutions of which more than max_flagged are flagged, whose reference "
          "antenna is, or that leave fewer than min_antennas")
      .choices({"warn", "fail"});
  s.field("max_flagged", &SolveParams::max_flagged, "Fraction of flagged solutions still trusted")
      .range(0, 1);
  s.field("min_antennas", &SolveParams::min_antennas,
          "Antennas with solutions, where so many have data")
      .range(0, 4096);
  s.field("tolerance", &SolveParams::tolerance, "Relative change at which the solver stops")
      .range(1e-12, 0.1)
      .advanced();
  s.field("maxiter", &SolveParams::maxiter,
          "Iterations after which a cell that has not converged is flagged")
      .range(2, 100000)
      .advanced();
  s.check([](const SolveParams& p) { return solint_fault(p.solint); },
          "solint is inf, int or a time");
  s.check(cell_fault, "term, solve_per, combine and what is for a bandpass fit together");
  s.example("solve:\n  flux: 12.5 Jy\n  term: B\n  refant: [pad103]",
            "a bandpass: one gain an antenna, channel and polarisation");
  s.example("solve:\n  flux: 12.5 Jy\n  term: K", "a delay an antenna and polarisation");
  s.example("solve:\n  calibrator: 3C286\n  solve_per: spw",
            "a gain an antenna, window and polarisation, on the scale of Perley & Butler 2017");
  s.example(
      "solve:\n  sources: [0arcsec 0arcsec 10Jy, 900arcsec 300arcsec 1Jy -0.7]\n"
      "  solve_per: spw",
      "a calibrator and a fainter source beside it, both in the model");
  return s;
}

JonesTerm jones_term(const SolveParams& params) {
  if (params.term == "K") return JonesTerm::K;
  if (params.term == "B") return JonesTerm::B;
  return params.term == "T" ? JonesTerm::T : JonesTerm::G;
}

bool solves_channels(const SolveParams& params) {
  return params.solve_per == "channel" || (params.solve_per == "auto" && params.term == "B");
}

bool solves_band(const SolveParams& params) {
  return combines(params, "spw") || (params.term == "K" && params.solve_per == "auto");
}

bool combines(const SolveParams& params, const std::string& what) {
  return std::find(params.combine.begin(), params.combine.end(), what) != params.combine.end();
}

double solint_s(const SolveParams& params) {
  if (params.solint == "inf") return std::numeric_limits<double>::infinity();
  if (params.solint == "int") return 0;
  return parse_quantity(params.solint, "s");
}

kernels::StefcalOptions stefcal_options(const SolveParams& params) {
  kernels::StefcalOptions options;
  if (params.mode == "p") options.mode = kernels::GainMode::kPhase;
  if (params.mode == "a") options.mode = kernels::GainMode::kAmplitude;
  options.tolerance = params.tolerance;
  options.max_iterations = params.maxiter;
  options.min_baselines = params.minblperant;
  options.min_snr = params.minsnr;
  options.robust = params.robust == "student";
  return options;
}

}  // namespace skymill::radio
