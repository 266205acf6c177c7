// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>

namespace skymill::radio {

/// Random numbers by their place instead of by their turn: the value depends on seed and counter
/// only, so that threads and chunk sizes cannot change it. SplitMix64 (Steele, Lea, Flood 2014).
class CountedRandom {
 public:
  explicit CountedRandom(std::uint64_t seed) : seed_(mix(seed + kStep)) {}

  /// Uniform in (0, 1].
  double uniform(std::uint64_t counter) const {
    return (static_cast<double>(mix(seed_ + counter * kStep) >> 11) + 1) * 0x1p-53;
  }

  /// Real and imaginary part each normal with standard deviation 1 (Box and Muller 1958).
  std::complex<double> normal_pair(std::uint64_t counter) const {
    const double radius = std::sqrt(-2 * std::log(uniform(2 * counter)));
    return std::polar(radius, 2 * 3.14159265358979323846 * uniform(2 * counter + 1));
  }
  /// Real and imaginary parts each normal with standard deviation 1, for the counters from 0 on, in
  /// single precision and by arithmetic that is the same on every machine; other values than those
  /// of normal_pair.
  void fill_normal_pairs(std::size_t count, std::complex<float>* into) const;

  /// Random numbers that have nothing to do with these, nor with those of another key.
  CountedRandom child(std::uint64_t key) const { return CountedRandom(seed_ ^ mix(key + kStep)); }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;

  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::uint64_t seed_;
};

}  // namespace skymill::radio
