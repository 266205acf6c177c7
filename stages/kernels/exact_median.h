// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the .cpp files of this folder.
#pragma once

#include <stages/kernels/bracket_loops.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/view.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace skymill::kernels {

/// Pixels that a block of work holds: small enough to stay in the first cache.
inline constexpr std::size_t kMedianBlock = 2048;

/// The pixels of a plane with unit stride in x that runs name, where they lie. Both must outlive
/// it.
class PixelsOfRuns {
 public:
  PixelsOfRuns(View<const float, 2> plane, const PixelRuns& runs) : plane_(plane), runs_(runs) {}

  std::size_t size() const { return count_pixels(runs_); }

  /// Appends the pixels with these numbers, which ascend.
  void pick(const std::vector<std::size_t>& numbers, std::vector<float>& out) const {
    auto run = runs_.begin();
    std::size_t before = 0;  // pixels of earlier runs
    for (const std::size_t number : numbers) {
      while (number - before >= run->end - run->first) {
        before += run->end - run->first;
        ++run;
      }
      out.push_back(plane_(run->y, run->first + number - before));
    }
  }

  /// Calls visit(pixels, n) for all pixels, in order, by blocks.
  template <class Visit>
  void for_each_block(const Visit& visit) const {
    for (const PixelRun& run : runs_) {
      for (std::size_t x = run.first; x < run.end; x += kMedianBlock) {
        visit(&plane_(run.y, x), std::min(kMedianBlock, run.end - x));
      }
    }
  }

 private:
  View<const float, 2> plane_;
  const PixelRuns& runs_;
};

/// Pixels that `fill(first, n, out)` makes: those with numbers [first, first + n) of `total`,
/// n <= kMedianBlock, NaN for those that do not count.
template <class Fill>
class FilledPixels {
 public:
  FilledPixels(std::size_t total, Fill fill) : total_(total), fill_(std::move(fill)) {}

  std::size_t size() const { return total_; }

  void pick(const std::vector<std::size_t>& numbers, std::vector<float>& out) const {
    for (const std::size_t number : numbers) {
      float value = 0;
      fill_(number, 1, &value);
      out.push_back(value);
    }
  }

  template <class Visit>
  void for_each_block(const Visit& visit) const {
    alignas(64) std::array<float, kMedianBlock> block;
    for (std::size_t first = 0; first < total_; first += kMedianBlock) {
      const std::size_t n = std::min(kMedianBlock, total_ - first);
      fill_(first, n, block.data());
      visit(block.data(), n);
    }
  }

 private:
  std::size_t total_;
  Fill fill_;
};

/// Some of the pixels, without those that are not finite.
template <class Pixels>
std::vector<float> sampled(const Pixels& pixels) {
  constexpr std::size_t kMost = 65536;
  constexpr std::size_t kOneOf = 32;  // at most this part of the values
  const std::size_t total = pixels.size();
  const std::size_t count = std::min(kMost, total / kOneOf);
  std::vector<std::size_t> numbers;
  numbers.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    // Spread over everything without a period that a pattern of rows could share.
    const std::size_t jitter = (k * 0x9E3779B97F4A7C15ULL >> 32U) % (total / count);
    numbers.push_back(total / count * k + jitter);
  }
  std::vector<float> sample;
  sample.reserve(count);
  pixels.pick(numbers, sample);
  sample.erase(
      std::remove_if(sample.begin(), sample.end(), [](float v) { return !std::isfinite(v); }),
      sample.end());
  return sample;
}

/// Between which two values that part of all values must lie below which there are `part` of them,
/// as a sample says; anything for a sample of a few.
inline Bracket bracket_of(std::vector<float> sample, double part) {
  constexpr std::size_t kLeastSamples = 256;
  constexpr double kMargin = 5;  // standard deviations of the sample's part
  Bracket bracket;
  bracket.low = -std::numeric_limits<float>::infinity();
  bracket.high = std::numeric_limits<float>::infinity();
  if (sample.size() < kLeastSamples) {
    return bracket;
  }
  const auto count = static_cast<double>(sample.size());
  const double rank = part * count;
  const double margin = kMargin * std::max(0.5, std::sqrt(part * (1 - part) * count));
  if (rank + margin < count - 1) {
    const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank + margin);
    std::nth_element(sample.begin(), at, sample.end());
    bracket.high = *at;
    sample.erase(at + 1, sample.end());
  }
  if (rank - margin > 0) {
    const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank - margin);
    std::nth_element(sample.begin(), at, sample.end());
    bracket.low = *at;
  }
  return bracket;
}

/// The mean of the values that would be at two ranks of the sorted list, equal or one after the
/// other. A long list is first cut down as a plane is: cheaper than moving all of its values.
inline double mean_at(std::vector<float> values, std::size_t lower, std::size_t upper) {
  constexpr std::size_t kShort = 4096;
  alignas(64) std::array<float, kMedianBlock + 16> block;
  while (values.size() > kShort) {
    const std::size_t size = values.size();
    const std::size_t samples = std::clamp<std::size_t>(size / 16, 1024, 4096);
    std::vector<float> sample;
    sample.reserve(samples);
    for (std::size_t k = 0; k < samples; ++k) sample.push_back(values[size * k / samples]);
    Bracket bracket =
        bracket_of(std::move(sample), static_cast<double>(lower) / static_cast<double>(size));
    std::vector<float> kept;
    for (std::size_t first = 0; first < size; first += kMedianBlock) {
      const std::size_t n = std::min(kMedianBlock, size - first);
      const std::size_t within = bracket_values(&values[first], n, bracket, block.data());
      kept.insert(kept.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(within));
    }
    // Infinite distances are counted nowhere, and of many copies all are kept.
    const bool complete = bracket.below + kept.size() + bracket.above == size;
    if (!complete || kept.size() == size || lower < bracket.below ||
        upper >= bracket.below + kept.size()) {
      break;
    }
    values = std::move(kept);
    lower -= bracket.below;
    upper -= bracket.below;
  }
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(upper);
  std::nth_element(values.begin(), at, values.end());
  const auto high = static_cast<double>(*at);
  return lower == upper ? high
                        : 0.5 * (high + static_cast<double>(*std::max_element(values.begin(), at)));
}

/// The exact median (the mean of the middle two for an even count, 0 for none) of what
/// `sort(pixels, n, bracket, within)` makes of pixels, without a copy of them: one pass counts
/// what is beside the bracket and keeps what is in it, and only should the bracket have misled are
/// all values kept.
template <class Pixels, class Sort>
double middle_of(const Pixels& pixels, Bracket bracket, const Sort& sort) {
  alignas(64) std::array<float, kMedianBlock + 16> block;
  while (true) {
    const bool keep = bracket.low != bracket.high;  // otherwise many copies of one value
    std::size_t inside = 0;
    std::vector<float> kept;
    pixels.for_each_block([&](const float* v, std::size_t n) {
      const std::size_t within = sort(v, n, bracket, block.data());
      inside += within;
      if (keep) {
        kept.insert(kept.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(within));
      }
    });
    const std::size_t count = bracket.below + inside + bracket.above;
    if (count == 0) {
      return 0;
    }
    const std::size_t lower = (count - 1) / 2;
    const std::size_t upper = count / 2;
    if (lower >= bracket.below && upper < bracket.below + inside) {
      return keep ? mean_at(std::move(kept), lower - bracket.below, upper - bracket.below)
                  : static_cast<double>(bracket.low);
    }
    bracket = bracket_of({}, 0.5);
  }
}

/// The exact median of pixels; those that are not finite do not count.
template <class Pixels>
double exact_median(const Pixels& pixels, const std::vector<float>& sample) {
  return middle_of(pixels, bracket_of(sample, 0.5), &bracket_values);
}

/// The exact median of |pixel - centre|, rounded to single precision before.
template <class Pixels>
double exact_deviation(const Pixels& pixels, std::vector<float> sample, double centre) {
  for (float& value : sample) {
    value = static_cast<float>(std::abs(static_cast<double>(value) - centre));
  }
  return middle_of(pixels, bracket_of(std::move(sample), 0.5),
                   [centre](const float* v, std::size_t n, Bracket& bracket, float* within) {
                     return bracket_distances(v, n, centre, bracket, within);
                   });
}

}  // namespace skymill::kernels
