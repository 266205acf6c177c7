// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the .cpp files of this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace skymill::kernels {

/// Pixels that a block of work holds: small enough to stay in the first cache.
inline constexpr std::size_t kMedianBlock = 2048;

/// Where the values of a plane lie beside two limits, and those from one to the other.
struct Bracketed {
  std::size_t below = 0;
  std::size_t above = 0;
  std::size_t equal = 0;      // when both limits are one value, instead of many copies of it
  std::vector<float> within;  // otherwise; in no order

  std::size_t first_within() const { return below; }
  std::size_t end_within() const { return below + equal + within.size(); }
  std::size_t count() const { return end_within() + above; }
};

/// Sorts the values of one block into `out`; NaN counts nowhere. n is a multiple of 16.
inline void add_block(const float* v, std::size_t n, float low, float high, Bracketed& out) {
  constexpr std::size_t kGroup = 16;
  // Counters as wide as the values, so that the loops become vector instructions.
  std::array<int, kGroup> below{};
  std::array<int, kGroup> above{};
  std::array<int, kGroup> equal{};
  const bool keep = low != high;
  for (std::size_t i = 0; i < n; i += kGroup) {
    std::array<int, kGroup> within{};
    for (std::size_t k = 0; k < kGroup; ++k) {
      const float a = v[i + k];
      below[k] += a < low ? 1 : 0;
      above[k] += a > high ? 1 : 0;
      within[k] = (a >= low ? 1 : 0) & (a <= high ? 1 : 0);
    }
    if (!keep) {
      for (std::size_t k = 0; k < kGroup; ++k) {
        equal[k] += within[k];
      }
      continue;
    }
    int any = 0;
    for (const int one : within) {
      any |= one;
    }
    if (any != 0) {
      for (std::size_t k = 0; k < kGroup; ++k) {
        if (within[k] != 0) {
          out.within.push_back(v[i + k]);
        }
      }
    }
  }
  for (std::size_t k = 0; k < kGroup; ++k) {
    out.below += static_cast<std::size_t>(below[k]);
    out.above += static_cast<std::size_t>(above[k]);
    out.equal += static_cast<std::size_t>(equal[k]);
  }
}

/// The mean of the middle two values, or the middle one; nullopt when they are not within.
inline std::optional<double> middle(Bracketed& b, float low) {
  const std::size_t upper_rank = b.count() / 2;
  const std::size_t lower_rank = (b.count() - 1) / 2;
  if (lower_rank < b.first_within() || upper_rank >= b.end_within()) {
    return std::nullopt;
  }
  if (b.within.empty()) {
    return static_cast<double>(low);
  }
  const auto at = b.within.begin() + static_cast<std::ptrdiff_t>(upper_rank - b.first_within());
  std::nth_element(b.within.begin(), at, b.within.end());
  const auto upper = static_cast<double>(*at);
  return lower_rank == upper_rank
             ? upper
             : 0.5 * (upper + static_cast<double>(*std::max_element(b.within.begin(), at)));
}

/// The exact median of what `fill` delivers (the mean of the middle two for an even count, 0 for
/// none), without a copy of it: a sample says between which
/// two values the median must lie, one pass counts and keeps what is between, and only should the
/// sample have misled are all values kept. `fill(first, n, out)` writes the values with numbers
/// [first, first + n) of `total`, n <= kMedianBlock, NaN for those that do not count; it is called
/// for the whole range in order, and before that for single values.
template <class Fill>
double exact_median(std::size_t total, const Fill& fill) {
  constexpr std::size_t kMostSamples = 65536;
  constexpr std::size_t kOneSampleOf = 16;  // at most this part of the values is sampled
  constexpr std::size_t kLeastSamples = 256;
  constexpr double kMargin = 5;  // standard deviations of the sample's median
  constexpr float kInfinity = std::numeric_limits<float>::infinity();

  const auto pass = [&](float low, float high) {
    Bracketed found;
    alignas(64) std::array<float, kMedianBlock> block;
    for (std::size_t first = 0; first < total; first += kMedianBlock) {
      const std::size_t n = std::min(kMedianBlock, total - first);
      fill(first, n, block.data());
      std::size_t end = n;
      for (; end % 16 != 0; ++end) {
        block[end] = std::numeric_limits<float>::quiet_NaN();
      }
      add_block(block.data(), end, low, high, found);
    }
    return found;
  };

  const std::size_t samples = std::min(kMostSamples, total / kOneSampleOf);
  std::vector<float> sample;
  sample.reserve(samples);
  for (std::size_t k = 0; k < samples; ++k) {
    // Spread over everything without a period that a pattern of rows could share.
    const std::size_t jitter = (k * 0x9E3779B97F4A7C15ULL >> 32U) % (total / samples);
    float value = 0;
    fill(total / samples * k + jitter, 1, &value);
    if (!std::isnan(value)) {
      sample.push_back(value);
    }
  }
  float low = -kInfinity;
  float high = kInfinity;
  if (sample.size() >= kLeastSamples) {
    const auto count = static_cast<double>(sample.size());
    const double margin = 0.5 * kMargin * std::sqrt(count);
    const auto last = static_cast<double>(sample.size() - 1);
    const auto at = [&](double rank) {
      const auto where = sample.begin() + static_cast<std::ptrdiff_t>(std::clamp(rank, 0.0, last));
      std::nth_element(sample.begin(), where, sample.end());
      return *where;
    };
    low = at(0.5 * count - margin);
    high = at(0.5 * count + margin);
  }
  while (true) {
    Bracketed found = pass(low, high);
    if (found.count() == 0) {
      return 0;
    }
    if (const auto median = middle(found, low)) {
      return *median;
    }
    low = -kInfinity;
    high = kInfinity;
  }
}

}  // namespace skymill::kernels
