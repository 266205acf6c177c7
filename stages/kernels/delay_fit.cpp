// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/delay_fit.h>
#include <stages/kernels/fft.h>
#include <stages/kernels/gain_loops.h>
#include <stages/kernels/padded_size.h>
#include <stages/kernels/stefcal.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace skymill::kernels {

namespace {

using Complex = std::complex<double>;

constexpr double kPi = 3.14159265358979323846;
constexpr std::size_t kCoarsePadding = 2;
constexpr std::size_t kPadding = 8;
constexpr double kCoincide = 1e-7;  // of the band
constexpr std::size_t kLongestBand = std::size_t{1} << 20;
constexpr std::size_t kCandidates = 4;
constexpr std::size_t kStackRounds = 4;
constexpr double kSettled = 0.1;  // turns over the band
constexpr float kRival = 0.6F;    // height of peaks that could be higher than the highest point
constexpr std::size_t kMostRivals = 12;
constexpr std::size_t kBins = 16;
constexpr std::size_t kFitRounds = 6;
constexpr double kFitted = 1e-7;  // turns over the band
constexpr std::size_t kRun = 128;

/// Channels on an even grid of the band.
struct Band {
  double low_hz = 0;
  double step_hz = 0;
  std::size_t length = 0;          ///< of the grid
  std::vector<std::size_t> place;  ///< [channel]
  double middle_hz = 0;
  double width_hz = 0;
};

Band band_of(const std::vector<double>& freq_hz) {
  if (freq_hz.size() < 4) throw std::invalid_argument("delays need at least 4 channels");
  std::vector<double> sorted = freq_hz;
  std::sort(sorted.begin(), sorted.end());
  Band band;
  band.low_hz = sorted.front();
  band.width_hz = sorted.back() - sorted.front();
  band.step_hz = band.width_hz;
  for (std::size_t c = 1; c < sorted.size(); ++c) {
    const double step_hz = sorted[c] - sorted[c - 1];
    // Channels of windows that overlap may all but coincide.
    if (step_hz > kCoincide * band.width_hz) {
      band.step_hz = std::min(band.step_hz, step_hz);
    }
  }
  const double length = band.width_hz > 0 ? band.width_hz / band.step_hz + 1 : 0;
  if (!(length >= 2 && length <= static_cast<double>(kLongestBand))) {
    throw std::invalid_argument("delays need a band of 2 to 2^20 channels, gaps included");
  }
  band.length = static_cast<std::size_t>(std::llround(length));
  for (const double freq : freq_hz) {
    band.place.push_back(
        static_cast<std::size_t>(std::llround((freq - band.low_hz) / band.step_hz)));
  }
  band.middle_hz =
      std::accumulate(freq_hz.begin(), freq_hz.end(), 0.0) / static_cast<double>(freq_hz.size());
  return band;
}

/// Where the transform of a spectrum is largest.
struct Peak {
  double delay_s = 0;
  double phase = 0;  ///< at the band's middle
  double snr = 0;
  bool at_edge = false;
  double height = 0;  ///< of unscaled input
};

double median_of_sizes(std::vector<float>& values) {
  for (float& value : values) value = std::abs(value);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Finds peaks of spectra on one band.
class PeakSearch {
 public:
  PeakSearch(const Band& band, std::size_t padding)
      : band_(band),
        padding_(padding),
        size_(smooth_even_size(padding * band.length)),
        plan_(FftPlan<float>::complex_line(size_, FftSign::kForward)),
        line_(size_) {}

  Peak operator()(const double* re, const double* im, std::size_t n, bool with_snr) {
    double power = 0;
    for (std::size_t c = 0; c < n; ++c) power += re[c] * re[c] + im[c] * im[c];
    Peak peak;
    if (!(power > 0) || !std::isfinite(power)) return peak;
    const double scale = 1 / std::sqrt(power);
    std::fill_n(line_.data(), size_, std::complex<float>(0));
    for (std::size_t c = 0; c < n; ++c) {
      line_[band_.place[c]] += std::complex<float>(Complex(re[c], im[c]) * scale);
    }
    plan_.execute(line_.data());
    const std::size_t at = highest(re, im, n);
    const double here = std::abs(line_[at]);
    const double folded = folded_bin(at);
    const double grid_s = grid();
    peak.delay_s = (folded + beside_grid(at)) * grid_s;
    peak.at_edge =
        std::abs(folded) + static_cast<double>(padding_) >= static_cast<double>(size_) / 2;
    // The transform's phase belongs to the band's low end and to the grid's delay.
    peak.phase =
        std::arg(Complex(line_[at])) + 2 * kPi * folded * grid_s * (band_.middle_hz - band_.low_hz);
    peak.height = here / scale;
    if (with_snr) peak.snr = here / noise_beside(at);
    return peak;
  }

 private:
  double grid() const { return 1 / (static_cast<double>(size_) * band_.step_hz); }
  double folded_bin(std::size_t at) const {
    return static_cast<double>(at) - (at > size_ / 2 ? static_cast<double>(size_) : 0);
  }

  /// How far from a point of the grid the top of the parabola through it and its neighbours is.
  double beside_grid(std::size_t at) const {
    const double before = std::abs(line_[(at + size_ - 1) % size_]);
    const double after = std::abs(line_[(at + 1) % size_]);
    const double bend = before - 2 * static_cast<double>(std::abs(line_[at])) + after;
    return bend < 0 ? 0.5 * (before - after) / bend : 0;
  }

  /// The point next to the highest peak. Windows with a gap between them have many peaks of nearly
  /// one height, which the grid meets more or less well: these are compared at their tops.
  std::size_t highest(const double* re, const double* im, std::size_t n) {
    float most = -1;
    std::size_t at = 0;
    for (std::size_t k = 0; k < size_; ++k) {
      const float here = std::norm(line_[k]);
      if (!(here > most)) continue;
      most = here;
      at = k;
    }
    std::vector<std::pair<float, std::size_t>> rivals;
    for (std::size_t k = 0; k < size_; ++k) {
      const float here = std::norm(line_[k]);
      if (here < kRival * kRival * most || k == at) continue;
      const bool top = here >= std::norm(line_[(k + size_ - 1) % size_]) &&
                       here > std::norm(line_[(k + 1) % size_]);
      if (top) rivals.emplace_back(here, k);
    }
    if (rivals.empty()) return at;
    std::sort(rivals.rbegin(), rivals.rend());
    if (rivals.size() > kMostRivals) rivals.resize(kMostRivals);
    double best = top_of(at, re, im, n);
    for (const auto& [height, k] : rivals) {
      const double rival = top_of(k, re, im, n);
      if (!(rival > best)) continue;
      best = rival;
      at = k;
    }
    return at;
  }

  /// |F|² at the top next to a point of the grid.
  double top_of(std::size_t at, const double* re, const double* im, std::size_t n) const {
    const double turns = (folded_bin(at) + beside_grid(at)) / static_cast<double>(size_);
    Complex sum = 0;
    for (std::size_t c = 0; c < n; ++c) {
      sum += Complex(re[c], im[c]) *
             std::polar(1.0, -2 * kPi * turns * static_cast<double>(band_.place[c]));
    }
    return std::norm(sum);
  }

  /// Of one component, from points that the padding leaves independent.
  double noise_beside(std::size_t peak) {
    beside_.clear();
    const std::size_t step = std::max<std::size_t>(1, size_ / band_.length);
    for (std::size_t k = step; k + step < size_; k += step) {
      if (k < 2 * step || k + 2 * step > size_) continue;
      const std::complex<float> value = line_[(peak + k) % size_];
      beside_.push_back(value.real());
      beside_.push_back(value.imag());
    }
    constexpr double kToDeviation = 1.4826;
    return beside_.empty() ? 1e30 : kToDeviation * median_of_sizes(beside_);
  }

  const Band& band_;
  std::size_t padding_;
  std::size_t size_;
  FftPlan<float> plan_;
  AlignedBuffer<std::complex<float>> line_;
  std::vector<float> beside_;
};

/// A spectrum of every antenna, [antenna][channel].
struct Spectra {
  Spectra(std::size_t antennas, std::size_t channels_)
      : channels(channels_), re(antennas * channels_, 0), im(antennas * channels_, 0) {}
  std::size_t channels;
  std::vector<double> re, im;

  void clear() {
    std::fill(re.begin(), re.end(), 0);
    std::fill(im.begin(), im.end(), 0);
  }
};

/// Solves a positive definite system in place by Cholesky's decomposition. @return false when it
/// is none
bool solve_symmetric(std::vector<double>& m, std::size_t n, std::vector<double>& x) {
  for (std::size_t i = 0; i < n; ++i) {
    double* const row = &m[i * n];
    for (std::size_t j = 0; j <= i; ++j) {
      const double* const other = &m[j * n];
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (j < i) {
        row[j] = sum / other[j];
      } else {
        if (!(sum > 0)) return false;
        row[i] = std::sqrt(sum);
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= m[i * n + k] * x[k];
    x[i] /= m[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= m[k * n + i] * x[k];
    x[i] /= m[i * n + i];
  }
  return true;
}

class DelayFit {
 public:
  DelayFit(const DelaySpectra& from, const std::vector<double>& freq_hz,
           const DelayOptions& options)
      : from_(from),
        freq_hz_(freq_hz),
        options_(options),
        band_(band_of(freq_hz)),
        n_(from.antennas),
        delay_s_(n_, 0),
        phase_(n_, 0),
        snr_(n_, 0),
        at_edge_(n_, false),
        turn_(n_, from.channels),
        stacked_(n_, from.channels) {}

  DelaySolution run() {
    DelaySolution solution;
    solution.delay_s.assign(n_, 0);
    solution.flag.assign(n_, 1);
    solution.error_s.assign(n_, 0);
    solution.snr.assign(n_, 0);
    survey();
    if (!find_first()) {
      solution.too_few = true;
      return solution;
    }
    stack();
    fit_together(solution);
    return solution;
  }

 private:
  std::size_t at(std::size_t i, std::size_t j) const {
    return baseline_number(n_, i, j) * from_.stride;
  }

  /// Which antennas and baselines have data, and how much in which channel.
  void survey() {
    weight_.assign(n_ * from_.channels, 0);
    connected_.assign(n_ * n_, 0);
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j) {
        const double* const b = from_.b + at(i, j);
        double* const of_i = &weight_[i * from_.channels];
        double* const of_j = &weight_[j * from_.channels];
        double sum = 0;
        for (std::size_t c = 0; c < from_.channels; ++c) {
          of_i[c] += b[c];
          of_j[c] += b[c];
        }
        for (std::size_t c = 0; c < from_.channels; ++c) sum += b[c];
        connected_[i * n_ + j] = connected_[j * n_ + i] = sum > 0 ? 1 : 0;
      }
    }
  }

  double weight_of(std::size_t antenna) const {
    const double* const begin = &weight_[antenna * from_.channels];
    return std::accumulate(begin, begin + from_.channels, 0.0);
  }

  /// A baseline's spectrum as g_i conj(g_j), j turned back.
  void oriented(std::size_t i, std::size_t j, std::vector<double>& re,
                std::vector<double>& im) const {
    const std::size_t from = at(std::min(i, j), std::max(i, j));
    const double sign = i < j ? 1 : -1;
    for (std::size_t c = 0; c < from_.channels; ++c) {
      const double t_re = turn_.re[j * from_.channels + c], t_im = turn_.im[j * from_.channels + c];
      const double a_re = from_.re[from + c], a_im = sign * from_.im[from + c];
      re[c] = a_re * t_re - a_im * t_im;
      im[c] = a_re * t_im + a_im * t_re;
    }
  }

  void set_turn(std::size_t antenna) {
    for (std::size_t c = 0; c < from_.channels; ++c) {
      const double angle =
          2 * kPi * delay_s_[antenna] * (freq_hz_[c] - band_.middle_hz) + phase_[antenna];
      turn_.re[antenna * from_.channels + c] = std::cos(angle);
      turn_.im[antenna * from_.channels + c] = std::sin(angle);
    }
  }

  /// First delays from the baselines of one antenna; of several strong ones the one with the
  /// clearest peaks. @return false without a baseline
  bool find_first() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < n_; ++i) {
      if (weight_of(i) > 0) order.push_back(i);
    }
    if (order.empty()) return false;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t i, std::size_t j) { return weight_of(i) > weight_of(j); });
    PeakSearch search(band_, kCoarsePadding);
    std::vector<double> best_delay, best_phase;
    double best = -1;
    for (std::size_t k = 0; k < std::min(kCandidates, order.size()); ++k) {
      const double heights = spread_from(order[k], search);
      if (!(heights > best)) continue;
      best = heights;
      best_delay = delay_s_;
      best_phase = phase_;
      reached_ = known_;
    }
    delay_s_ = best_delay;
    phase_ = best_phase;
    for (std::size_t i = 0; i < n_; ++i) {
      if (reached_[i]) set_turn(i);
    }
    return true;
  }

  /// Delays of all antennas that baselines lead to from one. @return sum of the peaks' heights
  double spread_from(std::size_t first, PeakSearch& search) {
    known_.assign(n_, false);
    known_[first] = true;
    delay_s_[first] = phase_[first] = 0;
    std::vector<std::size_t> front{first};
    std::vector<double> re(from_.channels), im(from_.channels);
    double heights = 0;
    for (std::size_t k = 0; k < front.size(); ++k) {
      const std::size_t j = front[k];
      if (std::find(known_.begin(), known_.end(), false) == known_.end()) break;
      set_turn(j);
      for (std::size_t i = 0; i < n_; ++i) {
        if (known_[i] || connected_[i * n_ + j] == 0) continue;
        oriented(i, j, re, im);
        const Peak peak = search(re.data(), im.data(), from_.channels, false);
        if (k == 0) heights += peak.height;
        delay_s_[i] = peak.delay_s;
        phase_[i] = peak.phase;
        known_[i] = true;
        front.push_back(i);
      }
    }
    return heights;
  }

  /// Each antenna against the sum of all the others, until delays stand still.
  void stack() {
    PeakSearch search(band_, kPadding);
    for (std::size_t round = 0; round < kStackRounds; ++round) {
      stacked_.clear();
      const auto loop = gain_loops().stack;
      for (std::size_t first = 0; first < from_.channels; first += kRun) {
        const std::size_t n = std::min(kRun, from_.channels - first);
        for (std::size_t i = 0; i < n_; ++i) {
          const std::size_t to_i = i * from_.channels + first;
          for (std::size_t j = i + 1; j < n_; ++j) {
            if (connected_[i * n_ + j] == 0) continue;
            const std::size_t to_j = j * from_.channels + first;
            loop({from_.re + at(i, j) + first, from_.im + at(i, j) + first, n, &turn_.re[to_i],
                  &turn_.im[to_i], &turn_.re[to_j], &turn_.im[to_j]},
                 {&stacked_.re[to_i], &stacked_.im[to_i], &stacked_.re[to_j], &stacked_.im[to_j]});
          }
        }
      }
      double moved = 0;
      for (std::size_t i = 0; i < n_; ++i) {
        if (!reached_[i]) continue;
        const std::size_t of_i = i * from_.channels;
        const Peak peak = search(&stacked_.re[of_i], &stacked_.im[of_i], from_.channels, true);
        moved = std::max(moved, std::abs(peak.delay_s - delay_s_[i]) * band_.width_hz);
        delay_s_[i] = peak.delay_s;
        phase_[i] = peak.phase;
        snr_[i] = peak.snr;
        at_edge_[i] = peak.at_edge;
        set_turn(i);
      }
      if (moved < kSettled) return;
    }
  }

  /// One baseline's sums over one bin, first delays and phases taken off.
  struct Bin {
    double re, im, b, x;  ///< x: mean of ν - middle, weighted by B
  };

  void bin_up() {
    const std::size_t width = std::max<std::size_t>(1, (from_.channels + kBins - 1) / kBins);
    bins_ = (from_.channels + width - 1) / width;
    binned_.assign(n_ * (n_ - 1) / 2 * bins_, {});
    std::vector<double> x(from_.channels);
    for (std::size_t c = 0; c < x.size(); ++c) x[c] = freq_hz_[c] - band_.middle_hz;
    const auto loop = gain_loops().turned;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j) {
        if (connected_[i * n_ + j] == 0 || !reached_[i] || !reached_[j]) continue;
        for (std::size_t k = 0; k < bins_; ++k) {
          const std::size_t first = k * width;
          const std::size_t n = std::min(width, from_.channels - first);
          const std::size_t of_i = i * from_.channels + first, of_j = j * from_.channels + first;
          const std::size_t data = at(i, j) + first;
          const RunSums sums = loop({from_.re + data, from_.im + data, n, &turn_.re[of_i],
                                     &turn_.im[of_i], &turn_.re[of_j], &turn_.im[of_j]},
                                    from_.b + data, &x[first]);
          binned_[baseline_number(n_, i, j) * bins_ + k] = {sums.re, sums.im, sums.b,
                                                            sums.b > 0 ? sums.bx / sums.b : 0};
        }
      }
    }
  }

  /// Amplitudes and phases over the band.
  GainSolution gains() const {
    GainSums sums(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j) {
        Complex a = 0;
        double b = 0;
        for (std::size_t k = 0; k < bins_; ++k) {
          const Bin& bin = binned_[baseline_number(n_, i, j) * bins_ + k];
          a += Complex(bin.re, bin.im);
          b += bin.b;
        }
        if (b > 0) sums.set(i, j, a, b, std::norm(a) / b, 1);
      }
    }
    StefcalOptions options;
    options.tolerance = 1e-3;  // the phases are fitted again, the amplitudes only weigh
    options.max_iterations = 1000;
    options.min_baselines = options_.min_baselines;
    return stefcal(sums, options);
  }

  void fit_together(DelaySolution& solution) {
    bin_up();
    const GainSolution gain = gains();
    solution.too_few = gain.stop == GainStop::kTooFew;
    solution.converged = gain.stop == GainStop::kConverged;
    std::vector<std::size_t> active;
    for (std::size_t i = 0; i < n_; ++i) {
      if (gain.flag[i] == 0) active.push_back(i);
    }
    if (active.size() < 3) return;
    const std::vector<double> more_s = refine(active, gain.gain);
    solution.reference = active.front();
    const std::size_t ref = solution.reference;
    for (std::size_t k = 0; k < active.size(); ++k) {
      const std::size_t i = active[k];
      const double spread_hz = spread_of(i);
      const bool good = snr_[i] > options_.min_snr && !at_edge_[i] && spread_hz > 0 &&
                        coverage_of(i) >= options_.min_coverage && std::isfinite(more_s[k]);
      if (!good) continue;
      solution.flag[i] = 0;
      solution.delay_s[i] = delay_s_[i] - delay_s_[ref] + more_s[k];
      solution.snr[i] = snr_[i];
      solution.error_s[i] = 1 / (2 * kPi * spread_hz * snr_[i]);
    }
  }

  /// What is left of delays after the first ones, by least squares over all baselines; 0 for the
  /// first of `active`.
  std::vector<double> refine(const std::vector<std::size_t>& active, std::vector<Complex> gain) {
    const std::size_t m = active.size() - 1;
    std::vector<double> more_s(active.size(), 0);
    const double unit_hz = band_.width_hz;  // unknowns: phases, and turns over the band
    for (std::size_t round = 0; round < kFitRounds; ++round) {
      std::vector<double> normal(4 * m * m, 0), x(2 * m, 0);
      const auto add = [&](std::size_t i, std::size_t j, double value) {
        normal[std::max(i, j) * 2 * m + std::min(i, j)] += value;
      };
      for (std::size_t p = 0; p < active.size(); ++p) {
        for (std::size_t q = p + 1; q < active.size(); ++q) {
          const Bin* const bins = &binned_[baseline_number(n_, active[p], active[q]) * bins_];
          const Complex g = std::conj(gain[active[p]]) * gain[active[q]];
          double h = 0, hx = 0, hxx = 0, y = 0, yx = 0;
          for (std::size_t k = 0; k < bins_; ++k) {
            if (!(bins[k].b > 0)) continue;
            const double angle = -2 * kPi * (more_s[p] - more_s[q]) * bins[k].x;
            const Complex z =
                Complex(bins[k].re, bins[k].im) * g * Complex(std::cos(angle), std::sin(angle));
            const double slope = 2 * kPi * bins[k].x / unit_hz;
            const double weight = bins[k].b * std::norm(g);
            h += weight;
            hx += weight * slope;
            hxx += weight * slope * slope;
            y += z.imag();
            yx += z.imag() * slope;
          }
          // Unknowns of antenna p > 0: 2(p - 1) its phase, 2(p - 1) + 1 its delay.
          const std::size_t b = 2 * (q - 1);
          x[b] -= y;
          x[b + 1] -= yx;
          add(b, b, h);
          add(b + 1, b, hx);
          add(b + 1, b + 1, hxx);
          if (p == 0) continue;
          const std::size_t a = 2 * (p - 1);
          x[a] += y;
          x[a + 1] += yx;
          add(a, a, h);
          add(a + 1, a, hx);
          add(a + 1, a + 1, hxx);
          add(b, a, -h);
          add(b, a + 1, -hx);
          add(b + 1, a, -hx);
          add(b + 1, a + 1, -hxx);
        }
      }
      if (!solve_symmetric(normal, 2 * m, x)) return std::vector<double>(active.size(), NAN);
      double most = 0;
      for (std::size_t p = 1; p < active.size(); ++p) {
        gain[active[p]] *= std::polar(1.0, x[2 * (p - 1)]);
        more_s[p] += x[2 * (p - 1) + 1] / unit_hz;
        most = std::max(most, std::abs(x[2 * (p - 1) + 1]));
      }
      if (most < kFitted) break;
    }
    return more_s;
  }

  /// Standard deviation of an antenna's frequencies, by weight.
  double spread_of(std::size_t antenna) const {
    const double* const weight = &weight_[antenna * from_.channels];
    double sum = 0, mean = 0, square = 0;
    for (std::size_t c = 0; c < from_.channels; ++c) {
      const double x = freq_hz_[c] - band_.middle_hz;
      sum += weight[c];
      mean += weight[c] * x;
      square += weight[c] * x * x;
    }
    return std::sqrt(std::max(0.0, square / sum - (mean / sum) * (mean / sum)));
  }

  double coverage_of(std::size_t antenna) const {
    const double* const begin = &weight_[antenna * from_.channels];
    const auto with_data =
        std::count_if(begin, begin + from_.channels, [](double w) { return w > 0; });
    return static_cast<double>(with_data) / static_cast<double>(from_.channels);
  }

  const DelaySpectra& from_;
  const std::vector<double>& freq_hz_;
  DelayOptions options_;
  Band band_;
  std::size_t n_;
  std::vector<double> delay_s_, phase_, snr_;
  std::vector<bool> at_edge_, known_, reached_;
  std::vector<double> weight_;   ///< [antenna][channel]: Σ B
  std::vector<char> connected_;  ///< [i][j]
  Spectra turn_, stacked_;
  std::size_t bins_ = 0;
  std::vector<Bin> binned_;  ///< [baseline][bin]
};

}  // namespace

DelaySolution fit_delays(const DelaySpectra& spectra, const std::vector<double>& freq_hz,
                         const DelayOptions& options) {
  if (freq_hz.size() != spectra.channels) {
    throw std::invalid_argument("delays need a frequency for each channel");
  }
  return DelayFit(spectra, freq_hz, options).run();
}

std::size_t delay_fit_work_bytes(std::size_t antennas, std::size_t channels) {
  return (5 * antennas * channels + 2 * antennas * antennas * (kBins + 3)) * sizeof(double) +
         2 * kPadding * channels * sizeof(std::complex<float>);
}

}  // namespace skymill::kernels
