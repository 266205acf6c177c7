// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/gain_loops.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/stefcal.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

using Complex = std::complex<double>;
constexpr std::size_t kLanes = kGainLanes;
using PerLane = std::array<double, kLanes>;

constexpr std::size_t kStallChecks = 5;
// Data come in single precision: what is left of the power after a perfect fit is rounding.
constexpr double kRoundingPower = 1e-15;
constexpr double kStudentFreedom = 4;
constexpr std::size_t kRobustRounds = 10;

void check(const StefcalOptions& options) {
  if (!(options.tolerance > 0)) throw std::invalid_argument("stefcal: tolerance must be above 0");
  if (options.max_iterations < 2) {
    throw std::invalid_argument("stefcal: at least 2 iterations are needed");
  }
}

void check(const GainSums& sums) {
  const std::size_t cells = sums.antennas * sums.antennas;
  if (sums.a.size() != cells || sums.b.size() != cells || sums.power.size() != cells ||
      sums.samples.size() != cells) {
    throw std::invalid_argument("stefcal: the sums of " + std::to_string(sums.antennas) +
                                " antennas are " + std::to_string(cells) + " numbers each");
  }
}

/// Antennas of one cell that can be solved for: those with enough baselines to others that have
/// enough, and connected with each other.
class Participants {
 public:
  /// @param with_data  antennas with any baseline
  /// @param connected  whether baseline i, j has data
  template <class Connected>
  Participants(std::vector<std::size_t> with_data, std::size_t least, const Connected& connected)
      : active_(std::move(with_data)) {
    drop_weak(least, connected);
    keep_largest_group(connected);
  }

  const std::vector<std::size_t>& active() const { return active_; }

 private:
  /// Takes antennas with too few baselines away until all that are left have enough.
  template <class Connected>
  void drop_weak(std::size_t least, const Connected& connected) {
    for (bool dropped = true; dropped;) {
      const std::vector<std::size_t> before = active_;
      active_.clear();
      for (const std::size_t i : before) {
        const auto baselines = std::count_if(before.begin(), before.end(),
                                             [&](std::size_t j) { return connected(i, j); });
        if (static_cast<std::size_t>(baselines) >= least) active_.push_back(i);
      }
      dropped = active_.size() != before.size();
    }
  }

  /// Phases between groups that no baseline connects are not defined.
  template <class Connected>
  void keep_largest_group(const Connected& connected) {
    std::vector<std::size_t> rest = std::move(active_);
    active_.clear();
    while (!rest.empty()) {
      std::vector<std::size_t> group{rest.front()};
      rest.erase(rest.begin());
      for (std::size_t k = 0; k < group.size(); ++k) {
        const auto near = [&](std::size_t j) { return connected(group[k], j); };
        std::copy_if(rest.begin(), rest.end(), std::back_inserter(group), near);
        rest.erase(std::remove_if(rest.begin(), rest.end(), near), rest.end());
      }
      if (group.size() > active_.size()) active_ = std::move(group);
    }
    std::sort(active_.begin(), active_.end());
  }

  std::vector<std::size_t> active_;
};

/// Values of all antennas, [antenna][lane].
struct LaneGains {
  std::vector<double> re, im;

  void resize(std::size_t antennas) {
    re.assign(antennas * kLanes, 0);
    im.assign(antennas * kLanes, 0);
  }
  Complex at(std::size_t antenna, std::size_t lane) const {
    return {re[antenna * kLanes + lane], im[antenna * kLanes + lane]};
  }
  void set(std::size_t antenna, std::size_t lane, Complex value) {
    re[antenna * kLanes + lane] = value.real();
    im[antenna * kLanes + lane] = value.imag();
  }
  PerLane norms() const {
    PerLane sum{};
    for (std::size_t k = 0; k < re.size(); k += kLanes) {
      for (std::size_t l = 0; l < kLanes; ++l) {
        sum[l] += re[k + l] * re[k + l] + im[k + l] * im[k + l];
      }
    }
    return sum;
  }
};

/// Up to `kLanes` cells that are solved together, each on its own.
class Block {
 public:
  Block(std::size_t antennas, const StefcalOptions& options)
      : n_(antennas), baselines_(n_ > 0 ? n_ * (n_ - 1) / 2 : 0), options_(options) {
    for (auto* part : {&re_, &im_, &b_}) part->assign(baselines_ * kLanes, 0);
    for (auto* part : {&sum_re_, &sum_im_, &sum_b_}) part->assign(n_ * kLanes, 0);
    for (LaneGains* part : {&g_, &next_, &checked_}) part->resize(n_);
    if (options.robust) factor_.assign(baselines_ * kLanes, 1);
  }

  static std::size_t bytes(std::size_t antennas, const StefcalOptions& options) {
    const std::size_t planes =
        (options.robust ? 4 : 3) + (options.mode == GainMode::kPhase ? 3 : 0);
    return antennas * antennas / 2 * kLanes * sizeof(double) * planes + 9 * antennas * kLanes * 8;
  }

  /// Solves cells first … first + count - 1.
  void solve(const GainCells& from, std::size_t first, std::size_t count, GainSolution* into) {
    from_ = &from;
    first_ = first;
    solution_ = into;
    done_.fill(true);
    active_.assign(kLanes, {});
    std::fill(factor_.begin(), factor_.end(), 1);
    pack(count);
    for (std::size_t l = 0; l < count; ++l) prepare(l);
    iterate();
    if (options_.robust) make_robust(count);
    judge(count);
    for (std::size_t l = 0; l < count; ++l) set_reference_phase(l);
  }

 private:
  static std::size_t smallest(GainMode mode) { return mode == GainMode::kPhase ? 3 : 4; }

  bool usable(std::size_t baseline, std::size_t lane) const {
    return b_[baseline * kLanes + lane] > 0;
  }

  /// Copies the sums, as they come; what cannot be used becomes 0.
  void pack(std::size_t count) {
    const bool amplitude = options_.mode == GainMode::kAmplitude;
    constexpr double kLargest = std::numeric_limits<double>::max();
    partners_.assign(n_ * kLanes, 0);
    signal_.assign(n_ * kLanes, 0);
    sum_a_.fill(0);
    sum_bb_.fill(0);
    std::size_t p = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j, ++p) {
        const std::size_t source = p * from_->cells + first_;
        double* const re = &re_[p * kLanes];
        double* const im = &im_[p * kLanes];
        double* const b = &b_[p * kLanes];
        for (std::size_t l = 0; l < count; ++l) {
          const double weight = from_->b[source + l];
          const bool there = weight > 0 && weight <= kLargest;
          re[l] = there ? from_->re[source + l] : 0;
          im[l] = there ? from_->im[source + l] : 0;
          b[l] = there ? weight : 0;
        }
        for (std::size_t l = 0; amplitude && l < count; ++l) {
          re[l] = std::hypot(re[l], im[l]);
          im[l] = 0;
        }
        for (std::size_t l = 0; l < kLanes; ++l) {
          const double power = re[l] * re[l] + im[l] * im[l];
          const double there = b[l] > 0 ? 1 : 0;
          partners_[i * kLanes + l] += there;
          partners_[j * kLanes + l] += there;
          signal_[i * kLanes + l] += power;
          signal_[j * kLanes + l] += power;
          sum_a_[l] += power;
          sum_bb_[l] += b[l] * b[l];
        }
      }
    }
    for (std::size_t l = count; l < kLanes; ++l) {
      for (std::size_t at = l; at < b_.size(); at += kLanes) re_[at] = im_[at] = b_[at] = 0;
    }
  }

  /// Chooses the antennas of a cell and where its iteration starts.
  void prepare(std::size_t lane) {
    GainSolution& solution = solution_[lane];
    solution.gain.assign(n_, 1);
    solution.flag.assign(n_, 1);
    solution.error.assign(n_, 0);
    solution.snr.assign(n_, 0);
    choose_antennas(lane);
    for (std::size_t i = 0; i < n_; ++i) g_.set(i, lane, 0);
    if (active_[lane].size() < smallest(options_.mode)) {
      solution.stop = GainStop::kTooFew;
      active_[lane].clear();
      return;
    }
    leave_out_others(lane);
    start(lane);
    done_[lane] = false;
  }

  void choose_antennas(std::size_t lane) {
    const std::size_t least = std::max<std::size_t>(1, options_.min_baselines);
    std::vector<std::size_t>& active = active_[lane];
    std::size_t most = 0;
    bool weak = false;
    for (std::size_t i = 0; i < n_; ++i) {
      const auto partners = static_cast<std::size_t>(partners_[i * kLanes + lane]);
      if (partners == 0) continue;
      active.push_back(i);
      most = std::max(most, partners);
      weak = weak || partners < least;
    }
    // Nearly always all have enough baselines, and one antenna sees all the others.
    if (!weak && most + 1 == active.size()) return;
    const auto connected = [&](std::size_t i, std::size_t j) {
      return i != j && usable(baseline_number(n_, std::min(i, j), std::max(i, j)), lane);
    };
    active = Participants(std::move(active), least, connected).active();
  }

  void leave_out_others(std::size_t lane) {
    if (active_[lane].size() == n_) return;
    std::vector<char> in(n_, 0);
    for (const std::size_t i : active_[lane]) in[i] = 1;
    std::size_t p = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j, ++p) {
        if (in[i] != 0 && in[j] != 0) continue;
        re_[p * kLanes + lane] = im_[p * kLanes + lane] = b_[p * kLanes + lane] = 0;
      }
    }
  }

  Complex a(std::size_t i, std::size_t j, std::size_t lane) const {
    const std::size_t at = baseline_number(n_, std::min(i, j), std::max(i, j)) * kLanes + lane;
    return {re_[at], i < j ? im_[at] : -im_[at]};
  }

  std::size_t start_antenna(std::size_t lane) const {
    const auto& active = active_[lane];
    if (std::find(active.begin(), active.end(), options_.refant) != active.end()) {
      return options_.refant;
    }
    const auto weaker = [&](std::size_t i, std::size_t j) {
      return signal_[i * kLanes + lane] < signal_[j * kLanes + lane];
    };
    return *std::max_element(active.begin(), active.end(), weaker);
  }

  /// Phases as one antenna's baselines show them; antennas without one take theirs from those
  /// already known. The amplitude is about the one that fits if all antennas are alike.
  void start(std::size_t lane) {
    const bool unit = options_.mode == GainMode::kPhase || !(sum_a_[lane] > 0);
    const double amplitude = unit ? 1 : std::pow(sum_a_[lane] / sum_bb_[lane], 0.25);
    const std::vector<std::size_t>& active = active_[lane];
    for (const std::size_t i : active) g_.set(i, lane, amplitude);
    std::vector<std::size_t> known{start_antenna(lane)};
    std::vector<bool> is_known(n_, false);
    is_known[known.front()] = true;
    for (bool grown = true; grown && known.size() < active.size();) {
      const std::vector<std::size_t> layer = known;
      for (const std::size_t i : active) {
        if (is_known[i]) continue;
        Complex sum = 0;
        bool reached = false;
        for (const std::size_t j : layer) {
          sum += a(i, j, lane) * g_.at(j, lane);
          reached = reached || usable(baseline_number(n_, std::min(i, j), std::max(i, j)), lane);
        }
        if (!reached) continue;
        is_known[i] = true;
        known.push_back(i);
        if (std::abs(sum) > 0) g_.set(i, lane, amplitude * sum / std::abs(sum));
      }
      grown = known.size() > layer.size();
    }
  }

  void half_step(const LaneGains& g) {
    gain_loops().step({re_.data(), im_.data(), b_.data(), n_, g.re.data(), g.im.data(),
                       sum_re_.data(), sum_im_.data(), sum_b_.data()});
  }

  void constrain(const LaneGains& before, LaneGains& values) const {
    if (options_.mode == GainMode::kAmplitudePhase) return;
    for (std::size_t k = 0; k < values.re.size(); ++k) {
      if (options_.mode == GainMode::kAmplitude) {
        values.re[k] = std::max(0.0, values.re[k]);
        values.im[k] = 0;
        continue;
      }
      const double length = std::sqrt(values.re[k] * values.re[k] + values.im[k] * values.im[k]);
      values.re[k] = length > 0 ? values.re[k] / length : before.re[k];
      values.im[k] = length > 0 ? values.im[k] / length : before.im[k];
    }
  }

  void step() {
    half_step(g_);
    for (std::size_t k = 0; k < n_ * kLanes; ++k) {
      const double over = sum_b_[k] > 0 ? 1 / sum_b_[k] : 0;
      next_.re[k] = sum_re_[k] * over;
      next_.im[k] = sum_im_[k] * over;
    }
    constrain(g_, next_);
  }

  /// Iterates the lanes that are not done. A lane that is done stands still in `g_`.
  void iterate() {
    checked_ = g_;
    PerLane best;
    best.fill(std::numeric_limits<double>::infinity());
    std::array<std::size_t, kLanes> without_gain{};
    std::array<bool, kLanes> stop = done_;
    const auto all = [](const std::array<bool, kLanes>& lanes) {
      return std::all_of(lanes.begin(), lanes.end(), [](bool x) { return x; });
    };
    for (std::size_t k = 0; k < options_.max_iterations && !all(stop); ++k) {
      step();
      if (k % 2 == 1) average();
      PerLane norm{}, change{};
      if (k % 2 == 1) {
        norm = next_.norms();
        for (std::size_t at = 0; at < next_.re.size(); at += kLanes) {
          for (std::size_t l = 0; l < kLanes; ++l) {
            const double re = next_.re[at + l] - checked_.re[at + l];
            const double im = next_.im[at + l] - checked_.im[at + l];
            change[l] += re * re + im * im;
          }
        }
      }
      for (std::size_t l = 0; l < kLanes; ++l) {
        if (stop[l]) {
          keep(l);
          continue;
        }
        solution_[l].iterations += 1;
        if (k % 2 == 0) continue;
        const double relative = std::sqrt(change[l] / norm[l]);
        if (!std::isfinite(relative)) {
          solution_[l].stop = GainStop::kStalled;
          stop[l] = true;
          continue;
        }
        if (relative < options_.tolerance) {
          solution_[l].stop = GainStop::kConverged;
          stop[l] = true;
          continue;
        }
        without_gain[l] = relative < best[l] ? 0 : without_gain[l] + 1;
        best[l] = std::min(best[l], relative);
        if (without_gain[l] < kStallChecks) continue;
        solution_[l].stop = GainStop::kStalled;
        stop[l] = true;
      }
      std::swap(g_, next_);
      if (k % 2 == 1) checked_ = g_;
    }
    for (std::size_t l = 0; l < kLanes; ++l) {
      if (!stop[l]) solution_[l].stop = GainStop::kIterations;
    }
  }

  /// Every second step stands in the middle between it and the one before.
  void average() {
    for (std::size_t at = 0; at < next_.re.size(); ++at) {
      next_.re[at] = 0.5 * (next_.re[at] + g_.re[at]);
      next_.im[at] = 0.5 * (next_.im[at] + g_.im[at]);
    }
    constrain(g_, next_);
  }

  void keep(std::size_t lane) {
    for (std::size_t at = lane; at < g_.re.size(); at += kLanes) {
      next_.re[at] = g_.re[at];
      next_.im[at] = g_.im[at];
    }
  }

  bool converged(std::size_t lane) const {
    return !active_[lane].empty() && solution_[lane].stop == GainStop::kConverged;
  }

  /// Weighs baselines by how well they fit, and solves again.
  void make_robust(std::size_t count) {
    std::array<bool, kLanes> settled;
    for (std::size_t l = 0; l < kLanes; ++l) settled[l] = l >= count || !converged(l);
    for (std::size_t round = 0; round < kRobustRounds; ++round) {
      if (std::all_of(settled.begin(), settled.end(), [](bool x) { return x; })) return;
      for (std::size_t l = 0; l < count; ++l) {
        if (!settled[l]) weigh(l);
      }
      const LaneGains before = g_;
      done_ = settled;
      iterate();
      for (std::size_t l = 0; l < count; ++l) {
        if (settled[l]) continue;
        double change = 0, norm = 0;
        for (std::size_t at = l; at < g_.re.size(); at += kLanes) {
          change += std::norm(Complex(g_.re[at] - before.re[at], g_.im[at] - before.im[at]));
          norm += std::norm(Complex(g_.re[at], g_.im[at]));
        }
        settled[l] = !converged(l) || std::sqrt(change / norm) < options_.tolerance;
      }
    }
  }

  /// Student's weights of a lane's baselines at the gains found (EM's step).
  void weigh(std::size_t lane) {
    std::vector<double> misfit(baselines_, -1);
    std::vector<double> there;
    std::size_t p = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j, ++p) {
        const std::size_t at = p * kLanes + lane;
        if (!(b_[at] > 0)) continue;
        const Complex off =
            Complex(re_[at], im_[at]) - g_.at(i, lane) * std::conj(g_.at(j, lane)) * b_[at];
        // A and B both carry the factor; the misfit is that of the plain sums.
        misfit[p] = std::norm(off) / b_[at] / factor_[at];
        there.push_back(misfit[p]);
      }
    }
    if (there.empty()) return;
    const auto middle = there.begin() + static_cast<std::ptrdiff_t>(there.size() / 2);
    std::nth_element(there.begin(), middle, there.end());
    // The median of χ² of 2 degrees of freedom is 2 ln 2.
    const double scale = *middle / (2 * std::log(2.0));
    if (!(scale > 0)) return;
    for (p = 0; p < baselines_; ++p) {
      if (misfit[p] < 0) continue;
      const std::size_t at = p * kLanes + lane;
      const double wanted = (kStudentFreedom + 2) / (kStudentFreedom + misfit[p] / scale);
      const double by = wanted / factor_[at];
      re_[at] *= by;
      im_[at] *= by;
      b_[at] *= by;
      factor_[at] = wanted;
    }
  }

  /// Phase mode leaves amplitudes at 1, which the data may not have: for χ² they are fitted.
  void free_amplitudes(std::size_t count) {
    StefcalOptions options = options_;
    options.mode = GainMode::kAmplitude;
    Block turned(n_, options);
    std::vector<GainSolution> scratch(kLanes);
    turned.solution_ = scratch.data();
    turned.active_ = active_;
    turned.signal_ = signal_;
    turned.sum_a_ = sum_a_;
    turned.sum_bb_ = sum_bb_;
    turned.b_ = b_;
    turned.done_.fill(true);
    std::size_t p = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j, ++p) {
        for (std::size_t l = 0; l < count; ++l) {
          const std::size_t at = p * kLanes + l;
          turned.re_[at] =
              (std::conj(g_.at(i, l)) * Complex(re_[at], im_[at]) * g_.at(j, l)).real();
        }
      }
    }
    for (std::size_t l = 0; l < count; ++l) {
      for (std::size_t i = 0; i < n_; ++i) turned.g_.set(i, l, 0);
      if (!converged(l)) continue;
      turned.start(l);
      for (std::size_t i = 0; i < n_; ++i) turned.g_.set(i, l, std::abs(turned.g_.at(i, l)));
      turned.done_[l] = false;
    }
    turned.iterate();
    fit_ = g_;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t l = 0; l < count; ++l) {
        fit_.set(i, l, g_.at(i, l) * turned.g_.at(i, l).real());
      }
    }
  }

  /// Errors and SNR of the gains (calibration.md 5.2); flags what stays below `min_snr`.
  void judge(std::size_t count) {
    const bool phase = options_.mode == GainMode::kPhase;
    if (phase) free_amplitudes(count);
    const LaneGains& fit = phase ? fit_ : g_;
    half_step(fit);
    PerLane power{}, samples{};
    for (std::size_t p = 0; p < baselines_; ++p) {
      const std::size_t source = p * from_->cells + first_;
      for (std::size_t l = 0; l < count; ++l) {
        const std::size_t at = p * kLanes + l;
        if (!(b_[at] > 0)) continue;
        power[l] += (options_.robust ? factor_[at] : 1) * from_->power[source + l];
        samples[l] += from_->samples[source + l];
      }
    }
    for (std::size_t l = 0; l < count; ++l) {
      if (converged(l)) judge_lane(l, fit, power[l], samples[l]);
    }
  }

  void judge_lane(std::size_t lane, const LaneGains& fit, double power, double samples) {
    GainSolution& solution = solution_[lane];
    double chi2 = power;
    for (std::size_t i = 0; i < n_; ++i) {
      // Over all j, each baseline comes twice.
      const std::size_t at = i * kLanes + lane;
      const double norm = std::norm(fit.at(i, lane));
      chi2 += norm * sum_b_[at] / 2 - (fit.re[at] * sum_re_[at] + fit.im[at] * sum_im_[at]);
    }
    solution.chi2 = std::max(chi2, kRoundingPower * power);
    solution.degrees_of_freedom = 2 * (samples - static_cast<double>(active_[lane].size()));
    // Without spare samples the scatter says nothing, and the weights are believed.
    const bool spare = solution.degrees_of_freedom > 0;
    const double scale = spare ? solution.chi2 / solution.degrees_of_freedom : 1;
    for (const std::size_t i : active_[lane]) {
      const double error = std::sqrt(2 * scale / sum_b_[i * kLanes + lane]);
      const double snr = std::abs(fit.at(i, lane)) / error;
      if (!(std::isfinite(snr) && std::isfinite(error) && snr > options_.min_snr)) continue;
      solution.flag[i] = 0;
      solution.gain[i] = g_.at(i, lane);
      solution.error[i] = options_.mode == GainMode::kPhase ? 1 / snr : error;
      solution.snr[i] = snr;
    }
  }

  void set_reference_phase(std::size_t lane) {
    GainSolution& solution = solution_[lane];
    const auto good = std::find(solution.flag.begin(), solution.flag.end(), 0);
    if (good == solution.flag.end()) return;
    const std::size_t wanted = options_.refant;
    const bool has_wanted = wanted < solution.flag.size() && solution.flag[wanted] == 0;
    solution.refant = has_wanted ? wanted : static_cast<std::size_t>(good - solution.flag.begin());
    const Complex reference = solution.gain[solution.refant];
    const Complex turn = std::conj(reference) / std::abs(reference);
    for (std::size_t i = 0; i < solution.gain.size(); ++i) {
      if (solution.flag[i] == 0) solution.gain[i] *= turn;
    }
    solution.gain[solution.refant] = std::abs(reference);
  }

  std::size_t n_;
  std::size_t baselines_;
  StefcalOptions options_;
  const GainCells* from_ = nullptr;
  std::size_t first_ = 0;
  GainSolution* solution_ = nullptr;
  std::vector<double> re_, im_, b_;              ///< [baseline][lane]
  std::vector<double> factor_;                   ///< likewise, of A and B; robust only
  std::vector<double> sum_re_, sum_im_, sum_b_;  ///< [antenna][lane]
  std::vector<double> partners_, signal_;        ///< likewise: baselines, Σ |A|²
  PerLane sum_a_{}, sum_bb_{};                   ///< Σ |A|², Σ B²
  LaneGains g_, next_, checked_, fit_;
  std::array<bool, kLanes> done_{};               ///< lanes that need no iteration
  std::vector<std::vector<std::size_t>> active_;  ///< [lane]
};

}  // namespace

GainSolution stefcal(const GainSums& sums, const StefcalOptions& options) {
  check(sums);
  check(options);
  const std::size_t n = sums.antennas;
  std::vector<double> re, im, b, power;
  std::vector<std::uint32_t> samples;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      const std::size_t at = i * n + j;
      re.push_back(sums.a[at].real());
      im.push_back(sums.a[at].imag());
      b.push_back(sums.b[at]);
      power.push_back(sums.power[at]);
      samples.push_back(sums.samples[at]);
    }
  }
  const GainCells cell{n, 1, re.data(), im.data(), b.data(), power.data(), samples.data()};
  return std::move(stefcal_cells(cell, options, 1).front());
}

std::vector<GainSolution> stefcal_cells(const GainCells& cells, const StefcalOptions& options,
                                        std::size_t threads) {
  check(options);
  std::vector<GainSolution> solutions(cells.cells);
  const std::size_t blocks = (cells.cells + kLanes - 1) / kLanes;
  parallel_workers(blocks, threads, [&](const auto& take) {
    Block block(cells.antennas, options);
    for (std::size_t k = take(); k < blocks; k = take()) {
      const std::size_t first = k * kLanes;
      block.solve(cells, first, std::min(kLanes, cells.cells - first), &solutions[first]);
    }
  });
  return solutions;
}

std::size_t stefcal_work_bytes(std::size_t antennas, const StefcalOptions& options) {
  return Block::bytes(antennas, options);
}

}  // namespace skymill::kernels
