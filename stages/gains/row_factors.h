// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/gains/term_gains.h>
#include <stages/kernels/correction_loops.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace skymill::radio {

/// What one antenna brings to samples of a row, [antenna][chan][corr]; 0 where it has no solution.
struct AntennaFactors {
  std::vector<float> re, im;
  std::vector<float> power;  ///< |g|² of the terms that change weights
  /// 1 = has no solution; empty when all have one.
  std::vector<std::uint8_t> unsolved{};

  kernels::SampleFactors at(std::size_t place) const { return {&re[place], &im[place]}; }
};

/// How many of an antenna's samples have a solution.
enum class Solved : std::uint8_t { all, some, none };

/// All that corrects rows of one data description, time and field.
struct RowFactors {
  std::size_t samples = 0;                      ///< of a row
  AntennaFactors first;                         ///< as ANTENNA1
  std::shared_ptr<const AntennaFactors> other;  ///< as ANTENNA2; null when no hand is crossed
  std::vector<Solved> solved;                   ///< [antenna]

  const AntennaFactors& second() const { return other ? *other : first; }
};

/// Which feeds the correlations of a data description have.
struct CorrelationFeeds {
  std::vector<int> feeds;                  ///< casacore codes of the parallel hands, each once
  std::vector<std::size_t> first, second;  ///< [corr] place in `feeds` for both antennas
  bool crossed() const { return first != second; }
};

/// @throws Error (input) when the data description holds Stokes parameters
CorrelationFeeds correlation_feeds(const ObservationHeader& header, int data_desc_id);

/// Multiplies terms and spreads them over the samples of a row.
/// @param terms  at one moment
/// @param calwt  [term] its amplitude changes weights
RowFactors row_factors(const std::vector<std::shared_ptr<const InverseGains>>& terms,
                       const std::vector<bool>& calwt, const CorrelationFeeds& hands,
                       std::size_t antennas, std::size_t channels);

/// The same with terms that have one gain for all channels multiplied on.
RowFactors scaled_factors(const RowFactors& spectral,
                          const std::vector<std::shared_ptr<const InverseGains>>& flat,
                          const std::vector<bool>& calwt, const CorrelationFeeds& hands);

/// Bytes that row_factors() holds at most, for the memory budget.
std::size_t row_factors_bytes(std::size_t antennas, std::size_t channels, std::size_t ncorr);

}  // namespace skymill::radio
