// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/gain_samples.h>
#include <stages/kernels/stefcal.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::radio {

/// Sums over the samples of every baseline of what is solved together in one time interval; its
/// size does not depend on how long the interval is (calibration.md 5.0). Cells of a baseline stand
/// one after the other, all frequencies of one polarisation and then those of the next.
class BaselineSums {
 public:
  /// @param cells  solution cells a baseline has: frequencies × polarisations
  BaselineSums(std::size_t antennas, std::size_t cells)
      : antennas_(antennas),
        cells_(cells),
        re_(numbers(antennas, cells), 0),
        im_(re_.size(), 0),
        b_(re_.size(), 0),
        power_(re_.size(), 0),
        samples_(re_.size(), 0) {}

  static std::size_t bytes(std::size_t antennas, std::size_t cells) {
    return numbers(antennas, cells) * (4 * sizeof(double) + sizeof(std::uint32_t));
  }

  /// Where samples of baseline i < j are added from this cell on.
  kernels::CellSums cells(std::size_t i, std::size_t j, std::size_t cell) {
    const std::size_t at = kernels::baseline_number(antennas_, i, j) * cells_ + cell;
    return {&re_[at], &im_[at], &b_[at], &power_[at], &samples_[at]};
  }

  /// All of them, for the solver.
  kernels::GainCells all() const {
    return {antennas_, cells_, re_.data(), im_.data(), b_.data(), power_.data(), samples_.data()};
  }

  /// Makes them what they were at first, so that the next interval need not ask for memory.
  void clear() {
    for (auto* part : {&re_, &im_, &b_, &power_}) std::fill(part->begin(), part->end(), 0);
    std::fill(samples_.begin(), samples_.end(), 0);
  }

 private:
  static std::size_t numbers(std::size_t antennas, std::size_t cells) {
    return antennas > 0 ? antennas * (antennas - 1) / 2 * cells : 0;
  }

  std::size_t antennas_;
  std::size_t cells_;
  std::vector<double> re_, im_, b_, power_;
  std::vector<std::uint32_t> samples_;
};

}  // namespace skymill::radio
