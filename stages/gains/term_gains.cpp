// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/gains/antenna_match.h>
#include <stages/gains/term_gains.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;

/// Amplitude and tracked phase on the way from a to b, each as a real number. Between neighbours
/// the tracked phase changes by less than half a turn.
[[gnu::noinline]] std::complex<double> part_way(std::complex<double> a, std::complex<double> b,
                                                double fraction) {
  const double amplitude = std::abs(a) + fraction * (std::abs(b) - std::abs(a));
  return std::polar(amplitude, std::arg(a) + fraction * std::arg(b * std::conj(a)));
}

/// Most channels and moments of a bandpass are on a solution: those cost nothing.
inline std::complex<double> between(std::complex<double> a, std::complex<double> b,
                                    double fraction) {
  return fraction == 0 ? a : part_way(a, b, fraction);
}

std::complex<float> reciprocal(std::complex<double> gain) {
  const double power = std::norm(gain);
  if (!(power > 0) || !std::isfinite(power)) return {0, 0};
  return std::complex<float>(std::conj(gain) / power);
}

}  // namespace

std::vector<std::size_t> match_feeds(const Solutions& solutions, const std::vector<int>& feeds) {
  const std::vector<int>& pols = solutions.pols;
  std::vector<std::size_t> match;
  const bool one_for_all = solutions.term == JonesTerm::T && pols.size() == 1;
  const bool any = std::any_of(pols.begin(), pols.end(), [](int code) {
    return code == 5 || code == 8 || code == 9 || code == 12;
  });
  bool found_one = false;
  for (const int feed : feeds) {
    const auto found = std::find(pols.begin(), pols.end(), feed);
    match.push_back(found == pols.end() ? kNoSolution
                                        : static_cast<std::size_t>(found - pols.begin()));
    found_one = found_one || found != pols.end();
  }
  // Codes of the first feed are 5 (R) and 9 (X), of the second 8 and 12.
  const auto order = [](int code) { return code == 5 || code == 9 ? 0U : 1U; };
  const bool same_kind = any && (pols.front() < 9) == (feeds.empty() || feeds.front() < 9);
  for (std::size_t k = 0; k < feeds.size(); ++k) {
    if (one_for_all) {
      match[k] = 0;
    } else if (!found_one && !same_kind) {
      match[k] = order(feeds[k]) < pols.size() ? order(feeds[k]) : kNoSolution;
    }
  }
  return match;
}

TermGains::TermGains(const Solutions& solutions, TermChoice choice, WindowMatch window,
                     std::vector<std::size_t> antennas, const std::vector<int>& feeds,
                     bool conjugate)
    : solutions_(solutions),
      choice_(std::move(choice)),
      window_(std::move(window)),
      antennas_(std::move(antennas)),
      pol_of_feed_(match_feeds(solutions, feeds)),
      conjugate_(conjugate) {
  const bool all = std::all_of(window_.covered.begin(), window_.covered.end(),
                               [](bool covered) { return covered; });
  flat_ = window_.empty() || (window_.cells.size() == 1 && all && solutions.term != JonesTerm::K);
  if (window_.empty()) return;
  // A delay belongs to its cell, and has none of the next one's.
  const Between how = solutions.term == JonesTerm::K ? Between::nearest : choice_.frequency;
  for (const double freq_hz : window_.channel_freq_hz) {
    pairs_.push_back(cells_at(window_.cell_freq_hz, freq_hz, how));
  }
}

void TermGains::fill_cells(const Moment& moment, std::size_t antenna, std::size_t pol,
                           Cells& cells) const {
  cells.gain.resize(window_.cells.size());
  cells.solved.resize(window_.cells.size());
  for (std::size_t k = 0; k < window_.cells.size(); ++k) {
    const std::size_t lower = solutions_.index(moment.lower, window_.cells[k], pol, antenna);
    const std::size_t upper = solutions_.index(moment.upper, window_.cells[k], pol, antenna);
    cells.solved[k] = solutions_.flag[lower] == 0 && solutions_.flag[upper] == 0;
    if (!cells.solved[k]) continue;
    const std::complex<double> gain =
        between(solutions_.gain[lower], solutions_.gain[upper], moment.fraction);
    cells.gain[k] = conjugate_ ? std::conj(gain) : gain;
    cells.solved[k] = std::norm(gain) > 0 && std::isfinite(std::norm(gain));
  }
}

void TermGains::spread(const Cells& cells, std::complex<float>* inverse) const {
  for (std::size_t c = 0; c < pairs_.size(); ++c) {
    const CellPair& pair = pairs_[c];
    if (!window_.covered[c] || !cells.solved[pair.lower] || !cells.solved[pair.upper]) continue;
    inverse[c] = reciprocal(between(cells.gain[pair.lower], cells.gain[pair.upper], pair.fraction));
  }
}

void TermGains::spread_over_flagged(const Cells& cells, std::complex<float>* inverse) const {
  std::vector<double> freq_hz;
  std::vector<std::complex<double>> gain;
  for (std::size_t k = 0; k < cells.gain.size(); ++k) {
    if (!cells.solved[k]) continue;
    freq_hz.push_back(window_.cell_freq_hz[k]);
    gain.push_back(cells.gain[k]);
  }
  if (gain.empty()) return;
  for (std::size_t c = 0; c < window_.channel_freq_hz.size(); ++c) {
    if (!window_.covered[c]) continue;
    const CellPair pair = cells_at(freq_hz, window_.channel_freq_hz[c], choice_.frequency);
    inverse[c] = reciprocal(between(gain[pair.lower], gain[pair.upper], pair.fraction));
  }
}

void TermGains::delays(const Moment& moment, std::size_t antenna, std::size_t pol,
                       std::complex<float>* inverse) const {
  for (std::size_t c = 0; c < pairs_.size(); ++c) {
    const std::size_t cell = window_.cells[pairs_[c].lower];
    const std::size_t lower = solutions_.index(moment.lower, cell, pol, antenna);
    const std::size_t upper = solutions_.index(moment.upper, cell, pol, antenna);
    if (!window_.covered[c] || solutions_.flag[lower] != 0 || solutions_.flag[upper] != 0) continue;
    const double first_ns = static_cast<double>(solutions_.delay_ns[lower]);
    const double delay_ns =
        first_ns + moment.fraction * (static_cast<double>(solutions_.delay_ns[upper]) - first_ns);
    const double turns =
        delay_ns * 1e-9 * (window_.channel_freq_hz[c] - solutions_.frequencies[cell].freq_hz);
    if (!std::isfinite(turns)) continue;
    // The reciprocal turns the other way, and so do data of the other sense.
    const double phase = (conjugate_ ? 2 : -2) * kPi * (turns - std::round(turns));
    inverse[c] = std::complex<float>(std::polar(1.0, phase));
  }
}

InverseGains TermGains::at(const Moment& moment) const {
  InverseGains all;
  all.channels = flat_ ? 1 : window_.channel_freq_hz.size();
  all.inverse.resize(antennas_.size() * pol_of_feed_.size() * all.channels);
  if (window_.empty()) return all;
  Cells cells;
  std::complex<float>* inverse = all.inverse.data();
  for (const std::size_t antenna : antennas_) {
    for (const std::size_t pol : pol_of_feed_) {
      std::complex<float>* const here = inverse;
      inverse += all.channels;
      if (antenna == kNoSolution || pol == kNoSolution) continue;
      if (solutions_.term == JonesTerm::K) {
        delays(moment, antenna, pol, here);
        continue;
      }
      fill_cells(moment, antenna, pol, cells);
      if (flat_) {
        if (cells.solved[0]) *here = reciprocal(cells.gain[0]);
      } else if (choice_.frequency_flags) {
        spread(cells, here);
      } else {
        spread_over_flagged(cells, here);
      }
    }
  }
  return all;
}

}  // namespace skymill::radio
