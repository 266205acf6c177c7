// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>
#include <stages/data/visibilities.h>

#include <complex>
#include <cstddef>
#include <limits>
#include <vector>

namespace skymill::radio {

/// How data of one data description meet the solutions: which antenna, channel and polarisation
/// belong to which.
class SolutionMatch {
 public:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  /// @throws Error (input) when they share no antenna, when channels of the same number have other
  ///         frequencies, or when the data are Stokes parameters
  SolutionMatch(const Solutions& solutions, const ObservationHeader& header, int data_desc_id);

  std::size_t channels() const { return frequency_.size(); }
  std::size_t antennas() const { return antenna_.size(); }

  /// Which interval is nearest to a time.
  std::size_t interval(double time_s) const;

  /// 1/g of every antenna of the data, [antenna][channel][pol of the solutions]; 0 where there is
  /// no solution.
  std::vector<std::complex<float>> inverse_gains(std::size_t interval) const;

  /// Polarisations of the two antennas of a correlation; `kNone` where they were not solved.
  struct Pols {
    std::size_t first = kNone;
    std::size_t second = kNone;
  };
  const std::vector<Pols>& correlations() const { return correlations_; }

 private:
  void match_antennas(const ObservationHeader& header);
  void match_channels(const ObservationHeader& header, int data_desc_id);

  const Solutions& solutions_;
  std::vector<std::size_t> antenna_;    ///< of the solutions, by antenna of the data
  std::vector<std::size_t> frequency_;  ///< of the solutions, by channel
  std::vector<Pols> correlations_;
};

}  // namespace skymill::radio
