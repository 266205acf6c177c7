// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <core/data_kind.h>
#include <stages/data/visibilities.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// Neighbouring channels of one data description that share a solution.
struct SolutionChannels {
  /// Of a value for a whole window that was read from a table, which says nothing of the number of
  /// channels: all that `width_hz` covers.
  static constexpr std::size_t kAllChannels = std::numeric_limits<std::size_t>::max() / 2;

  int data_desc_id = 0;
  std::size_t first_channel = 0;
  std::size_t channels = 0;
  double freq_hz = 0;   ///< centre of what the channels cover
  double width_hz = 0;  ///< what they cover
};

/// Time for which a solution was made, MJD UTC seconds.
struct SolutionInterval {
  double begin_s = 0;            ///< start of the first integration used
  double end_s = 0;              ///< end of the last
  double time_s = 0;             ///< mean of the samples' times by weight
  std::int32_t field_id = 0;     ///< of the first row
  std::int32_t scan_number = 0;  ///< of the first row
  std::int32_t observation_id = 0;
  double length_s = 0;  ///< column INTERVAL of a table; CASA, and we, write 0
};

/// Codes in `Solutions::pols` where a table does not say what feeds the antennas had: CASA's tables
/// count them, so the first is X or R and the second Y or L.
constexpr int kFirstFeed = -1;
constexpr int kSecondFeed = -2;

/// Which part of the signal path a gain describes, by CASA's letters (calibration.md 4.1).
enum class JonesTerm {
  K,  ///< delay, a phase that goes with frequency
  B,  ///< bandpass, by channel
  G,  ///< gain, by time
  T,  ///< gain that both polarisations share
};

/// "K", "B", "G" or "T".
inline const char* letter(JonesTerm term) {
  switch (term) {
    case JonesTerm::K:
      return "K";
    case JonesTerm::B:
      return "B";
    case JonesTerm::G:
      return "G";
    case JonesTerm::T:
      return "T";
  }
  return "?";
}

/// One term of diagonal gains of antennas: D_ij = g_i conj(g_j) M_ij, corrected =
/// D_ij / (g_i conj(g_j)) (calibration.md 5.0). Arrays are dense, last index fastest.
struct Solutions {
  JonesTerm term = JonesTerm::G;
  std::string name;  ///< of the stage that solved it, or of the table it was read from
  std::shared_ptr<const ObservationHeader> header;  ///< of the data that were solved
  std::string mode;                                 ///< "ap", "p" or "a"
  bool normalised = false;            ///< a bandpass divided by its rms: it carries no flux scale
  std::vector<std::string> antennas;  ///< names; every antenna of the header
  std::vector<int> pols;  ///< casacore codes of the parallel hands, or kFirstFeed, kSecondFeed
  std::vector<SolutionChannels> frequencies;
  std::vector<SolutionInterval> intervals;  ///< ascending in time
  std::string ms_name;  ///< of the MeasurementSet that a table names; empty: the header's source
  /// [interval][frequency] mean time of each cell, MJD UTC seconds, where frequencies differ in it;
  /// NaN where nothing was solved for, all of which is flagged. Empty: those of `intervals`.
  std::vector<double> cell_time_s;

  /// [interval][frequency][pol][antenna], 1 if flagged; a table's B may keep what was found there.
  std::vector<std::complex<float>> gain;
  /// Likewise, of K alone, which has no `gain`: g(ν) = exp(2πi τ (ν - freq_hz of its channels)).
  /// There freq_hz is not the centre but chan_freq_hz[channels / 2] of the window, where CASA has
  /// the phase of a delay 0 (calibration.md 4.1). A delay of all windows stands in each of them.
  std::vector<float> delay_ns;
  std::vector<std::uint8_t> flag;    ///< likewise; 1 = no solution
  std::vector<float> snr;            ///< likewise; 0 if flagged, but what a table says
  std::vector<float> error;          ///< likewise; rms of the complex gain (K: of the delay, ns)
  std::vector<std::int32_t> refant;  ///< [interval][frequency][pol]; -1 = nothing solved
  /// [antenna] 1 = the data that were solved have no row of it; empty: not known, as of a table.
  std::vector<std::uint8_t> absent;

  bool is_absent(std::size_t antenna) const { return !absent.empty() && absent[antenna] != 0; }

  /// Place in `gain`, `delay_ns`, `flag`, `snr` and `error`.
  std::size_t index(std::size_t interval, std::size_t frequency, std::size_t pol,
                    std::size_t antenna) const {
    return group(interval, frequency, pol) * antennas.size() + antenna;
  }
  /// Place in `refant`.
  std::size_t group(std::size_t interval, std::size_t frequency, std::size_t pol) const {
    return (interval * frequencies.size() + frequency) * pols.size() + pol;
  }

  /// Place in `pols` of a parallel hand, casacore's code; as many as there are when it was not
  /// solved. Where feeds are only counted, R and X are the first.
  std::size_t pol_of(int code) const {
    const int feed = code == 5 || code == 9 ? kFirstFeed : kSecondFeed;
    std::size_t place = 0;
    while (place < pols.size() && pols[place] != code && pols[place] != feed) ++place;
    return place;
  }

  /// Mean time of a cell, MJD UTC seconds; NaN where nothing was solved for.
  double time_s(std::size_t interval, std::size_t frequency) const {
    return cell_time_s.empty() ? intervals[interval].time_s
                               : cell_time_s[interval * frequencies.size() + frequency];
  }

  /// Whether amplitudes mean something: with those of all terms, data are in units of the model.
  bool carries_flux_scale() const { return term != JonesTerm::K && mode != "p" && !normalised; }

  /// Takes one solution out.
  void flag_solution(std::size_t place) {
    flag[place] = 1;
    snr[place] = error[place] = 0;
    if (term == JonesTerm::K) {
      delay_ns[place] = 0;
    } else {
      gain[place] = 1;
    }
  }

  /// Gives the arrays the size that the axes and the term ask for: all flagged, gain 1, delay 0.
  void resize() {
    const std::size_t groups = intervals.size() * frequencies.size() * pols.size();
    refant.assign(groups, -1);
    const std::size_t cells = groups * antennas.size();
    gain.assign(term == JonesTerm::K ? 0 : cells, {1, 0});
    delay_ns.assign(term == JonesTerm::K ? cells : 0, 0);
    flag.assign(cells, 1);
    snr.assign(cells, 0);
    error.assign(cells, 0);
  }

  /// Bytes held, for the memory budget.
  std::size_t bytes() const {
    return gain.size() * sizeof(std::complex<float>) + delay_ns.size() * sizeof(float) +
           flag.size() * (2 * sizeof(float) + 1) + refant.size() * sizeof(std::int32_t) +
           cell_time_s.size() * sizeof(double) + intervals.size() * sizeof(SolutionInterval) +
           frequencies.size() * sizeof(SolutionChannels) + antennas.size() * sizeof(std::string);
  }
};

}  // namespace skymill::radio
