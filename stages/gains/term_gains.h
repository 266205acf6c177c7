// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>
#include <stages/gains/time_series.h>
#include <stages/gains/window_match.h>

#include <complex>
#include <cstddef>
#include <vector>

namespace skymill::radio {

/// 1/g of every antenna of the data at one moment; 0 where there is no solution.
struct InverseGains {
  std::size_t channels = 1;                  ///< 1: one value for the whole window
  std::vector<std::complex<float>> inverse;  ///< [antenna][feed][channels]
};

/// One term for one data description: interpolated in time and frequency (calibration.md 5.5).
class TermGains {
 public:
  /// @param antennas  of the data, their places in the solutions
  /// @param feeds     casacore codes of the data's parallel hands
  /// @param conjugate the data have the other sense of uvw than those that were solved
  TermGains(const Solutions& solutions, TermChoice choice, WindowMatch window,
            std::vector<std::size_t> antennas, const std::vector<int>& feeds, bool conjugate);

  /// Whether all channels have the same gain.
  bool is_flat() const { return flat_; }
  InverseGains at(const Moment& moment) const;

 private:
  /// Gain and flag of one antenna and feed, by cell of the window.
  struct Cells {
    std::vector<std::complex<double>> gain;
    std::vector<bool> solved;
  };
  void fill_cells(const Moment& moment, std::size_t antenna, std::size_t pol, Cells& cells) const;
  void spread(const Cells& cells, std::complex<float>* inverse) const;
  void spread_over_flagged(const Cells& cells, std::complex<float>* inverse) const;
  void delays(const Moment& moment, std::size_t antenna, std::size_t pol,
              std::complex<float>* inverse) const;

  const Solutions& solutions_;
  TermChoice choice_;
  WindowMatch window_;
  std::vector<std::size_t> antennas_;
  std::vector<std::size_t> pol_of_feed_;
  std::vector<CellPair> pairs_;  ///< [channel] among all cells
  bool conjugate_;
  bool flat_;
};

/// Which polarisation of the solutions serves each feed. A term of one polarisation serves all; one
/// whose polarisations are none of the data's kind (tables do not always say) goes by its order.
std::vector<std::size_t> match_feeds(const Solutions& solutions, const std::vector<int>& feeds);

}  // namespace skymill::radio
