// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/stefcal.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::radio {

/// Sums over the samples of every baseline of one data description and one time interval; its
/// size does not depend on how long the interval is (calibration.md 5.0).
class BaselineSums {
 public:
  /// @param cells  solution cells a baseline has: frequencies × polarisations
  BaselineSums(std::size_t antennas, std::size_t cells)
      : antennas_(antennas), cells_(cells), sums_(antennas * (antennas - 1) / 2 * cells) {}

  static std::size_t bytes(std::size_t antennas, std::size_t cells) {
    return antennas * (antennas - 1) / 2 * cells * sizeof(Sum);
  }

  struct Sum {
    std::complex<double> a;
    double b = 0;
    double power = 0;
    std::uint32_t samples = 0;

    /// Adds a sample of data D and model M with weight w, both as antenna1 = i < antenna2 = j.
    void add(std::complex<double> data, std::complex<double> model, double weight) {
      a += weight * data * std::conj(model);
      b += weight * std::norm(model);
      power += weight * std::norm(data);
      ++samples;
    }
  };

  /// The cells of baseline i < j, one after the other.
  Sum* baseline(std::size_t i, std::size_t j) { return &sums_[number(i, j) * cells_]; }

  /// Hands one cell's sums over to the solver.
  void fill(std::size_t cell, kernels::GainSums& sums) const {
    for (std::size_t i = 0; i < antennas_; ++i) {
      for (std::size_t j = i + 1; j < antennas_; ++j) {
        const Sum& sum = sums_[number(i, j) * cells_ + cell];
        if (sum.samples > 0) sums.set(i, j, sum.a, sum.b, sum.power, sum.samples);
      }
    }
  }

 private:
  std::size_t number(std::size_t i, std::size_t j) const {
    return i * (2 * antennas_ - i - 1) / 2 + j - i - 1;
  }

  std::size_t antennas_;
  std::size_t cells_;
  std::vector<Sum> sums_;
};

}  // namespace skymill::radio
