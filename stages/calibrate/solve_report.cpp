// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/solve_report.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace skymill::radio {

namespace {

constexpr double kMaxFlagged = 0.25;

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
  double amplitude = 0;  ///< median
};

AntennaFigures figures_of(const Solutions& solutions, std::size_t antenna) {
  AntennaFigures figures;
  std::vector<double> snr, amplitude;
  for (std::size_t k = antenna; k < solutions.flag.size(); k += solutions.antennas.size()) {
    ++figures.solutions;
    if (solutions.flag[k] != 0) {
      ++figures.flagged;
      continue;
    }
    snr.push_back(solutions.snr[k]);
    amplitude.push_back(std::abs(solutions.gain[k]));
  }
  figures.snr = median(std::move(snr));
  figures.amplitude = median(std::move(amplitude));
  return figures;
}

void degrade_for_refant(const Solutions& solutions, const SolveParams& params,
                        std::size_t reference, const PipelineContext& ctx) {
  if (params.refant.empty()) return;
  const auto asked =
      std::find(solutions.antennas.begin(), solutions.antennas.end(), params.refant.front());
  const auto antenna = static_cast<std::size_t>(asked - solutions.antennas.begin());
  const AntennaFigures figures = figures_of(solutions, antenna);
  if (figures.flagged == figures.solutions) {
    ctx.degrade("reference antenna '" + *asked + "' has no solutions; '" +
                solutions.antennas[reference] + "' took its place");
  } else if (fraction(figures.flagged, figures.solutions) > kMaxFlagged) {
    ctx.degrade("reference antenna '" + *asked + "' lacks " +
                percent(fraction(figures.flagged, figures.solutions)) + " of its solutions");
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

void report_solutions(const Solutions& solutions, const SolveCounts& counts,
                      const SolveParams& params, std::size_t reference, std::size_t broken,
                      const PipelineContext& ctx) {
  std::size_t all = 0, flagged = 0;
  for (std::size_t a = 0; a < solutions.antennas.size(); ++a) {
    // Antennas of the header that no row mentions were not there to be solved for.
    if (counts.samples[a] == 0) continue;
    const AntennaFigures figures = figures_of(solutions, a);
    all += figures.solutions;
    flagged += figures.flagged;
    ctx.record("antennas", {{"antenna", static_cast<std::int64_t>(a)},
                            {"name", solutions.antennas[a]},
                            {"data_flagged", 1 - fraction(counts.used[a], counts.samples[a])},
                            {"solutions_flagged", fraction(figures.flagged, figures.solutions)},
                            {"snr_median", figures.snr},
                            {"gain_amplitude", figures.amplitude},
                            {"reference", a == reference}});
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
  degrade_for_refant(solutions, params, reference, ctx);
  if (fraction(flagged, all) > kMaxFlagged) {
    ctx.degrade(percent(fraction(flagged, all)) + " of the solutions are flagged");
  }
  if (broken > 0) {
    ctx.degrade("phases could not be carried on between intervals in " + std::to_string(broken) +
                " places: no antenna is good on both sides");
  }
  ctx.log().info("solved " + std::to_string(counts.cells) + " cells, reference antenna '" +
                 solutions.antennas[reference] + "', " + percent(fraction(flagged, all)) +
                 " of the solutions flagged");
}

}  // namespace skymill::radio
