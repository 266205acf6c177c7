// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/solve_report.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace skymill::radio {

namespace {

std::string percent(double fraction) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * fraction);
  return text;
}

double fraction(std::size_t part, std::size_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// One antenna's solutions.
struct AntennaFigures {
  std::size_t solutions = 0;
  std::size_t flagged = 0;
  double snr = 0;        ///< median
  double amplitude = 0;  ///< median; of K none
  double delay_ns = 0;   ///< median; of K alone
};

AntennaFigures figures_of(const Solutions& solutions, std::size_t antenna) {
  AntennaFigures figures;
  const bool delays = solutions.term == JonesTerm::K;
  std::vector<double> snr, amplitude, delay_ns;
  for (std::size_t k = antenna; k < solutions.flag.size(); k += solutions.antennas.size()) {
    ++figures.solutions;
    if (solutions.flag[k] != 0) {
      ++figures.flagged;
      continue;
    }
    snr.push_back(solutions.snr[k]);
    if (delays) {
      delay_ns.push_back(solutions.delay_ns[k]);
    } else {
      amplitude.push_back(std::abs(solutions.gain[k]));
    }
  }
  figures.snr = median(std::move(snr));
  figures.amplitude = median(std::move(amplitude));
  figures.delay_ns = median(std::move(delay_ns));
  return figures;
}

/// What delays are like as a whole (calibration.md 5.1).
void log_delays(const Solutions& solutions, const PipelineContext& ctx) {
  constexpr double kNothing_ns = 1, kMuch_ns = 5;
  double most_ns = 0;
  for (const float delay_ns : solutions.delay_ns) {
    most_ns = std::max<double>(most_ns, std::abs(delay_ns));
  }
  const char* const words = most_ns < kNothing_ns ? ": delays have been corrected before"
                            : most_ns > kMuch_ns  ? ": the data need them"
                                                  : "";
  char text[64];
  std::snprintf(text, sizeof text, "largest delay %.3g ns", most_ns);
  ctx.log().info(text + std::string(words));
}

/// A reason to doubt all the solutions.
void doubt(const std::string& reason, const SolveParams& params, const PipelineContext& ctx) {
  if (params.doubtful == "fail") {
    throw Error(ErrorKind::input, "the solutions are not to be trusted: " + reason,
                "look at the table 'antennas' of the record of a run with doubtful: warn, and at "
                "flags and the model");
  }
  ctx.degrade(reason);
}

void doubt_refant(const Solutions& solutions, const SolveParams& params, std::size_t reference,
                  const PipelineContext& ctx) {
  if (params.refant.empty()) return;
  const auto asked =
      std::find(solutions.antennas.begin(), solutions.antennas.end(), params.refant.front());
  const auto antenna = static_cast<std::size_t>(asked - solutions.antennas.begin());
  const AntennaFigures figures = figures_of(solutions, antenna);
  if (figures.flagged == figures.solutions) {
    doubt("reference antenna '" + *asked + "' has no solutions; '" + solutions.antennas[reference] +
              "' took its place",
          params, ctx);
  } else if (antenna != reference) {
    doubt("the solutions of reference antenna '" + *asked + "' are noise; '" +
              solutions.antennas[reference] + "' took its place",
          params, ctx);
  } else if (fraction(figures.flagged, figures.solutions) > params.max_flagged) {
    doubt("reference antenna '" + *asked + "' lacks " +
              percent(fraction(figures.flagged, figures.solutions)) + " of its solutions",
          params, ctx);
  }
}

}  // namespace

void require_solutions(const Solutions& solutions, const SolveCounts& counts,
                       const SolveParams& params) {
  if (std::find(solutions.flag.begin(), solutions.flag.end(), 0) != solutions.flag.end()) return;
  std::size_t with_data = 0;
  for (const std::size_t used : counts.used) with_data += used > 0 ? 1 : 0;
  std::string why = std::to_string(with_data) + " of " + std::to_string(counts.used.size()) +
                    " antennas have usable samples";
  if (counts.too_few > 0) {
    why += ", " + std::to_string(counts.too_few) + " of " + std::to_string(counts.cells) +
           " cells have too few antennas with " + std::to_string(params.minblperant) +
           " good baselines each";
  }
  if (counts.not_converged > 0) {
    why += ", " + std::to_string(counts.not_converged) + " cells did not converge";
  }
  if (counts.too_few + counts.not_converged < counts.cells) {
    why += ", and the other cells stay below minsnr";
  }
  throw Error(ErrorKind::input, "no solutions: " + why + " (phases need 3 antennas, amplitudes 4)",
              "look at flags, weights and uvmin; for small arrays lower minblperant; for a faint "
              "calibrator use a longer solint or solve_per: spw");
}

std::string flux_scale_words(const Calibration& calibration) {
  for (const auto& term : calibration.terms) {
    if (!term->carries_flux_scale()) continue;
    return "the amplitude of '" + term->name + "' (" + letter(term->term) + ") is the flux scale";
  }
  return "no term carries a flux scale: data keep their own";
}

void require_flux_scale(const Calibration& calibration, const SolveParams& params) {
  if (params.flux_scale == "none") return;
  const Solutions* normalised = nullptr;
  for (const auto& term : calibration.terms) {
    if (term->carries_flux_scale()) return;
    if (term->normalised) normalised = term.get();
  }
  if (normalised == nullptr) return;
  throw Error(ErrorKind::input,
              "bandpass '" + normalised->name +
                  "' is normalised and no other term solves for amplitudes, so the flux scale "
                  "would be lost",
              "solve a gain with mode: ap after it, or leave solnorm out; flux_scale: none says "
              "that the scale is not needed here, or that a later solve sets it");
}

void report_solutions(const Solutions& solutions, const SolveCounts& counts,
                      const SolveParams& params, const SolutionFate& fate,
                      const PipelineContext& ctx) {
  std::size_t all = 0, flagged = 0, with_data = 0, with_solutions = 0;
  for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
    // Antennas of the header that no row mentions were not there to be solved for.
    if (counts.samples[a] == 0) continue;
    const AntennaFigures figures = figures_of(solutions, a);
    all += figures.solutions;
    flagged += figures.flagged;
    ++with_data;
    with_solutions += figures.flagged < figures.solutions ? 1 : 0;
    Row row{{"antenna", static_cast<std::int64_t>(a)},
            {"name", solutions.antennas[a]},
            {"data_flagged", 1 - fraction(counts.used[a], counts.samples[a])},
            {"solutions_flagged", fraction(figures.flagged, figures.solutions)},
            {"snr_median", figures.snr}};
    if (solutions.term == JonesTerm::K) {
      row.emplace_back("delay_ns", figures.delay_ns);
    } else {
      row.emplace_back("gain_amplitude", figures.amplitude);
    }
    row.emplace_back("reference", a == fate.reference);
    ctx.record("antennas", std::move(row));
  }
  const auto count = [&](const char* name, std::size_t amount) {
    ctx.count(name, static_cast<std::int64_t>(amount));
  };
  count("cells", counts.cells);
  count("cells_too_few_antennas", counts.too_few);
  count("cells_not_converged", counts.not_converged);
  count("iterations", counts.iterations);
  count("solutions", all);
  count("solutions_flagged", flagged);
  count("flagged_amplitude_outliers", fate.outliers.amplitude);
  count("flagged_channel_outliers", fate.outliers.channels);
  count("flagged_mostly_bad", fate.outliers.mostly_bad);
  count("flagged_without_reference", fate.phases.flagged);
  count("gaps_filled", fate.filled);
  doubt_refant(solutions, params, fate.reference, ctx);
  if (fraction(flagged, all) > params.max_flagged) {
    doubt(percent(fraction(flagged, all)) + " of the solutions are flagged", params, ctx);
  }
  if (with_data >= params.min_antennas && with_solutions < params.min_antennas) {
    doubt("only " + std::to_string(with_solutions) + " of " + std::to_string(with_data) +
              " antennas have solutions",
          params, ctx);
  }
  if (fate.phases.broken > 0) {
    ctx.degrade("phases could not be carried on between intervals in " +
                std::to_string(fate.phases.broken) + " places: no antenna is good on both sides");
  }
  if (solutions.term == JonesTerm::K) log_delays(solutions, ctx);
  ctx.log().info("solved " + std::to_string(counts.cells) + " cells, reference antenna '" +
                 solutions.antennas[fate.reference] + "', " + percent(fraction(flagged, all)) +
                 " of the solutions flagged");
}

}  // namespace skymill::radio
