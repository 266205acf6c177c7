// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/stefcal.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

using Complex = std::complex<double>;

constexpr std::size_t kStallChecks = 5;
// Data come in single precision: what is left of the power after a perfect fit is rounding.
constexpr double kRoundingPower = 1e-15;

void check(const GainSums& sums, const StefcalOptions& options) {
  const std::size_t cells = sums.antennas * sums.antennas;
  if (sums.a.size() != cells || sums.b.size() != cells || sums.power.size() != cells ||
      sums.samples.size() != cells) {
    throw std::invalid_argument("stefcal: the sums of " + std::to_string(sums.antennas) +
                                " antennas are " + std::to_string(cells) + " numbers each");
  }
  if (!(options.tolerance > 0)) throw std::invalid_argument("stefcal: tolerance must be above 0");
  if (options.max_iterations < 2) {
    throw std::invalid_argument("stefcal: at least 2 iterations are needed");
  }
}

bool usable(const GainSums& sums, std::size_t i, std::size_t j) {
  const double b = sums.b[i * sums.antennas + j];
  return i != j && b > 0 && std::isfinite(b);
}

/// Takes antennas with too few baselines away until all that are left have enough.
void drop_weak(const GainSums& sums, std::size_t least, std::vector<std::size_t>& active) {
  for (bool dropped = true; dropped;) {
    const std::vector<std::size_t> before = active;
    active.clear();
    for (const std::size_t i : before) {
      const auto baselines = std::count_if(before.begin(), before.end(),
                                           [&](std::size_t j) { return usable(sums, i, j); });
      if (static_cast<std::size_t>(baselines) >= least) active.push_back(i);
    }
    dropped = active.size() != before.size();
  }
}

/// The largest group of antennas that baselines connect; phases between groups are not defined.
std::vector<std::size_t> largest_group(const GainSums& sums, std::vector<std::size_t> rest) {
  std::vector<std::size_t> largest;
  while (!rest.empty()) {
    std::vector<std::size_t> group{rest.front()};
    rest.erase(rest.begin());
    for (std::size_t k = 0; k < group.size(); ++k) {
      const auto connected = [&](std::size_t j) { return usable(sums, group[k], j); };
      std::copy_if(rest.begin(), rest.end(), std::back_inserter(group), connected);
      rest.erase(std::remove_if(rest.begin(), rest.end(), connected), rest.end());
    }
    if (group.size() > largest.size()) largest = std::move(group);
  }
  std::sort(largest.begin(), largest.end());
  return largest;
}

/// The sums of the antennas that take part, without gaps and in real arrays for the inner loop.
struct Cell {
  std::size_t n = 0;
  std::vector<double> re, im, b;  ///< [i][j]; A_ij and B_ij
  double power = 0;
  double samples = 0;

  Complex a(std::size_t i, std::size_t j) const { return {re[i * n + j], im[i * n + j]}; }
};

Cell pack(const GainSums& sums, const std::vector<std::size_t>& active, GainMode mode) {
  Cell cell;
  cell.n = active.size();
  for (auto* part : {&cell.re, &cell.im, &cell.b}) part->assign(cell.n * cell.n, 0);
  for (std::size_t i = 0; i < cell.n; ++i) {
    for (std::size_t j = 0; j < cell.n; ++j) {
      if (!usable(sums, active[i], active[j])) continue;
      const std::size_t from = active[i] * sums.antennas + active[j];
      const bool amplitude = mode == GainMode::kAmplitude;
      cell.re[i * cell.n + j] = amplitude ? std::abs(sums.a[from]) : sums.a[from].real();
      cell.im[i * cell.n + j] = amplitude ? 0 : sums.a[from].imag();
      cell.b[i * cell.n + j] = sums.b[from];
      if (i > j) continue;
      cell.power += sums.power[from];
      cell.samples += sums.samples[from];
    }
  }
  return cell;
}

/// Phases as the reference antenna's baselines show them; antennas without one take theirs from
/// those already known. The amplitude is the one that fits if all antennas are alike.
std::vector<Complex> start(const Cell& cell, std::size_t ref, GainMode mode) {
  double sum_a = 0, sum_b = 0;
  for (std::size_t k = 0; k < cell.b.size(); ++k) {
    sum_a += std::sqrt(cell.re[k] * cell.re[k] + cell.im[k] * cell.im[k]);
    sum_b += cell.b[k];
  }
  const bool unit = mode == GainMode::kPhase || !(sum_a > 0);
  const double amplitude = unit ? 1 : std::sqrt(sum_a / sum_b);
  std::vector<Complex> g(cell.n, amplitude);
  std::vector<std::size_t> known{ref};
  std::vector<bool> is_known(cell.n, false);
  is_known[ref] = true;
  for (bool grown = true; grown;) {
    const std::vector<std::size_t> layer = known;
    for (std::size_t i = 0; i < cell.n; ++i) {
      if (is_known[i]) continue;
      Complex sum = 0;
      bool reached = false;
      for (const std::size_t j : layer) {
        sum += cell.a(i, j) * g[j];
        reached = reached || cell.b[i * cell.n + j] > 0;
      }
      if (!reached) continue;
      is_known[i] = true;
      known.push_back(i);
      if (std::abs(sum) > 0) g[i] = amplitude * sum / std::abs(sum);
    }
    grown = known.size() > layer.size();
  }
  return g;
}

double norm(const std::vector<Complex>& g) {
  double sum = 0;
  for (const Complex& value : g) sum += std::norm(value);
  return std::sqrt(sum);
}

/// The alternating iteration on one cell, with its buffers.
class Iteration {
 public:
  Iteration(const Cell& cell, GainMode mode) : cell_(cell), mode_(mode) {}

  GainStop run(std::vector<Complex>& g, const StefcalOptions& options, std::size_t& iterations) {
    std::vector<Complex> checked = g;
    double best = std::numeric_limits<double>::infinity();
    std::size_t without_gain = 0;
    for (std::size_t k = 0; k < options.max_iterations; ++k) {
      std::vector<Complex> next = step(g);
      iterations = k + 1;
      if (k % 2 == 1) {
        for (std::size_t i = 0; i < next.size(); ++i) {
          next[i] = constrained(0.5 * (next[i] + g[i]), g[i]);
        }
        std::vector<Complex> change(next.size());
        std::transform(next.begin(), next.end(), checked.begin(), change.begin(), std::minus<>());
        const double relative = norm(change) / norm(next);
        if (!std::isfinite(relative)) return GainStop::kStalled;
        g = checked = std::move(next);
        if (relative < options.tolerance) return GainStop::kConverged;
        without_gain = relative < best ? 0 : without_gain + 1;
        if (without_gain == kStallChecks) return GainStop::kStalled;
        best = std::min(best, relative);
      } else {
        g = std::move(next);
      }
    }
    return GainStop::kIterations;
  }

 private:
  Complex constrained(Complex value, Complex before) const {
    if (mode_ == GainMode::kAmplitude) return std::max(0.0, value.real());
    if (mode_ != GainMode::kPhase) return value;
    const double length = std::abs(value);
    return length > 0 ? value / length : before;
  }

  std::vector<Complex> step(const std::vector<Complex>& g) {
    const std::size_t n = cell_.n;
    for (auto* sum : {&sum_re_, &sum_im_, &sum_b_}) sum->assign(n, 0);
    double* const sum_re = sum_re_.data();
    double* const sum_im = sum_im_.data();
    double* const sum_b = sum_b_.data();
    for (std::size_t j = 0; j < n; ++j) {
      // Row j holds A_ji = conj(A_ij): walked along i, the loop needs no reduction.
      const double* const re = &cell_.re[j * n];
      const double* const im = &cell_.im[j * n];
      const double* const b = &cell_.b[j * n];
      const double g_re = g[j].real(), g_im = g[j].imag(), g_norm = std::norm(g[j]);
      for (std::size_t i = 0; i < n; ++i) {
        sum_re[i] += re[i] * g_re + im[i] * g_im;
        sum_im[i] += re[i] * g_im - im[i] * g_re;
        sum_b[i] += b[i] * g_norm;
      }
    }
    std::vector<Complex> next(n);
    for (std::size_t i = 0; i < n; ++i) {
      const Complex fit = sum_b[i] > 0 ? Complex(sum_re[i], sum_im[i]) / sum_b[i] : Complex(0);
      next[i] = constrained(fit, g[i]);
    }
    return next;
  }

  const Cell& cell_;
  GainMode mode_;
  std::vector<double> sum_re_, sum_im_, sum_b_;
};

/// Phase mode leaves amplitudes at 1, which the data may not have: for χ² they are fitted.
std::vector<Complex> with_free_amplitudes(const Cell& cell, const std::vector<Complex>& phases,
                                          const StefcalOptions& options) {
  Cell turned = cell;
  for (std::size_t i = 0; i < cell.n; ++i) {
    for (std::size_t j = 0; j < cell.n; ++j) {
      turned.re[i * cell.n + j] = (std::conj(phases[i]) * cell.a(i, j) * phases[j]).real();
      turned.im[i * cell.n + j] = 0;
    }
  }
  std::vector<Complex> amplitudes = start(turned, 0, GainMode::kAmplitude);
  for (Complex& amplitude : amplitudes) amplitude = std::abs(amplitude);
  std::size_t iterations = 0;
  Iteration(turned, GainMode::kAmplitude).run(amplitudes, options, iterations);
  for (std::size_t i = 0; i < cell.n; ++i) amplitudes[i] *= phases[i];
  return amplitudes;
}

double chi_squared(const Cell& cell, const std::vector<Complex>& g) {
  double chi2 = cell.power;
  for (std::size_t i = 0; i < cell.n; ++i) {
    // Over all j, each baseline comes twice; halves keep the inner loop without a condition.
    Complex turned = 0;
    double model = 0;
    for (std::size_t j = 0; j < cell.n; ++j) {
      const std::size_t at = i * cell.n + j;
      turned += Complex(cell.re[at] * g[j].real() - cell.im[at] * g[j].imag(),
                        cell.re[at] * g[j].imag() + cell.im[at] * g[j].real());
      model += cell.b[at] * std::norm(g[j]);
    }
    chi2 += std::norm(g[i]) * model / 2 - (std::conj(g[i]) * turned).real();
  }
  return std::max(chi2, kRoundingPower * cell.power);
}

/// Errors and SNR of the gains (calibration.md 5.2); flags what stays below `min_snr`.
void judge(const Cell& cell, const std::vector<std::size_t>& active, const std::vector<Complex>& g,
           const StefcalOptions& options, GainSolution& solution) {
  const bool phase = options.mode == GainMode::kPhase;
  const std::vector<Complex> fit = phase ? with_free_amplitudes(cell, g, options) : g;
  solution.chi2 = chi_squared(cell, fit);
  solution.degrees_of_freedom = 2 * (cell.samples - static_cast<double>(cell.n));
  // Without spare samples the scatter says nothing, and the weights are believed.
  const bool spare = solution.degrees_of_freedom > 0;
  const double scale = spare ? solution.chi2 / solution.degrees_of_freedom : 1;
  for (std::size_t i = 0; i < cell.n; ++i) {
    double curvature = 0;
    for (std::size_t j = 0; j < cell.n; ++j) {
      curvature += cell.b[i * cell.n + j] * std::norm(fit[j]);
    }
    const double error = std::sqrt(2 * scale / curvature);
    const double snr = std::abs(fit[i]) / error;
    if (!(std::isfinite(snr) && std::isfinite(error) && snr > options.min_snr)) continue;
    const std::size_t antenna = active[i];
    solution.flag[antenna] = 0;
    solution.gain[antenna] = g[i];
    solution.error[antenna] = phase ? 1 / snr : error;
    solution.snr[antenna] = snr;
  }
}

void set_reference_phase(std::size_t wanted, GainSolution& solution) {
  const auto good = std::find(solution.flag.begin(), solution.flag.end(), 0);
  if (good == solution.flag.end()) return;
  const bool has_wanted = wanted < solution.flag.size() && solution.flag[wanted] == 0;
  solution.refant = has_wanted ? wanted : static_cast<std::size_t>(good - solution.flag.begin());
  const Complex reference = solution.gain[solution.refant];
  const Complex turn = std::conj(reference) / std::abs(reference);
  for (std::size_t i = 0; i < solution.gain.size(); ++i) {
    if (solution.flag[i] == 0) solution.gain[i] *= turn;
  }
  solution.gain[solution.refant] = std::abs(reference);
}

}  // namespace

GainSolution stefcal(const GainSums& sums, const StefcalOptions& options) {
  check(sums, options);
  GainSolution solution;
  solution.gain.assign(sums.antennas, 1);
  solution.flag.assign(sums.antennas, 1);
  solution.error.assign(sums.antennas, 0);
  solution.snr.assign(sums.antennas, 0);

  std::vector<std::size_t> active(sums.antennas);
  for (std::size_t i = 0; i < active.size(); ++i) active[i] = i;
  drop_weak(sums, std::max<std::size_t>(1, options.min_baselines), active);
  active = largest_group(sums, std::move(active));
  if (active.size() < (options.mode == GainMode::kPhase ? 3U : 4U)) {
    solution.stop = GainStop::kTooFew;
    return solution;
  }
  const Cell cell = pack(sums, active, options.mode);
  const auto ref = std::find(active.begin(), active.end(), options.refant);
  const auto first =
      ref == active.end() ? std::size_t{0} : static_cast<std::size_t>(ref - active.begin());
  std::vector<Complex> g = start(cell, first, options.mode);
  solution.stop = Iteration(cell, options.mode).run(g, options, solution.iterations);
  if (solution.stop != GainStop::kConverged) return solution;
  judge(cell, active, g, options, solution);
  set_reference_phase(options.refant, solution);
  return solution;
}

std::vector<GainSolution> stefcal_cells(std::size_t cells, std::size_t antennas,
                                        const std::function<void(std::size_t, GainSums&)>& fill,
                                        const StefcalOptions& options, std::size_t threads) {
  std::vector<GainSolution> solutions(cells);
  parallel_ranges(cells, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      GainSums sums(antennas);
      fill(k, sums);
      solutions[k] = stefcal(sums, options);
    }
  });
  return solutions;
}

}  // namespace skymill::kernels
