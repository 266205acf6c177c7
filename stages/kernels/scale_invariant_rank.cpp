// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/scale_invariant_rank.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace skymill::kernels {

namespace {

constexpr int kUnit = 1000;  // sums of whole numbers have the same bits in any order

bool counts(const std::uint8_t* missing, std::size_t place) {
  return missing == nullptr || missing[place] == 0;
}

/// What a sample counts: `share` when flagged, share - 1 when not, nothing when missing.
struct Worth {
  int flagged;
  int good;
  // Products instead of branches, for vectors.
  int of(int flag, int there) const { return there * (good + flag * (flagged - good)); }
};

Worth worth(double share) {
  const int part = static_cast<int>(std::lround(share * kUnit));
  return {part, part - kUnit};
}

/// One run of n samples, `stride` apart, for `width` lanes side by side. A sample is flagged when
/// some sum from a place at or before it to one after it is not negative: the greatest sum up to
/// a later place, less the least up to an earlier one.
void dilate_along(std::size_t n, std::size_t stride, std::size_t width, const Worth& value,
                  const std::uint8_t* __restrict missing, std::uint8_t* __restrict flag,
                  std::vector<int>& scratch) {
  scratch.resize((2 * n + 2) * width);
  int* const sums = scratch.data();           // up to a place, that excluded
  int* const least = sums + (n + 1) * width;  // [place] of sums at or before it
  int* const greatest = least + n * width;    // of sums after the place at hand
  std::fill_n(sums, width, 0);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      const std::size_t at = k * width + lane;
      const std::size_t place = k * stride + lane;
      sums[at + width] = sums[at] + value.of(flag[place], 1 - missing[place]);
      least[at] = k == 0 ? sums[at] : std::min(least[at - width], sums[at]);
    }
  }
  std::copy_n(sums + n * width, width, greatest);
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      const std::size_t at = k * width + lane;
      greatest[lane] = std::max(greatest[lane], sums[at + width]);
      const std::size_t place = k * stride + lane;
      // A run of missing samples alone has no share.
      const int there = 1 - missing[place];
      flag[place] |= static_cast<std::uint8_t>(greatest[lane] >= least[at] ? there : 0);
    }
  }
}

}  // namespace

void dilate_flags(std::size_t times, std::size_t channels, double time_share, double channel_share,
                  const std::uint8_t* missing, std::uint8_t* flag) {
  std::vector<std::uint8_t> none;
  if (missing == nullptr) {
    none.resize(times * channels);
    missing = none.data();
  }
  std::vector<int> scratch;
  if (time_share > 0) {
    dilate_along(times, channels, channels, worth(time_share), missing, flag, scratch);
  }
  if (channel_share <= 0) return;
  const Worth value = worth(channel_share);
  for (std::size_t t = 0; t < times; ++t) {
    std::uint8_t* const row = flag + t * channels;
    if (std::find(row, row + channels, 1) == row + channels) continue;
    dilate_along(channels, 1, 1, value, missing + t * channels, row, scratch);
  }
}

void fill_flags(std::size_t times, std::size_t channels, double of_times, double of_channels,
                const std::uint8_t* missing, std::uint8_t* flag) {
  std::vector<std::size_t> flagged(times + channels), all(times + channels);
  for (std::size_t t = 0; t < times; ++t) {
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t place = t * channels + c;
      if (!counts(missing, place)) continue;
      ++all[t];
      ++all[times + c];
      flagged[t] += flag[place];
      flagged[times + c] += flag[place];
    }
  }
  const auto above = [&](std::size_t k, double share) {
    return static_cast<double>(flagged[k]) > share * static_cast<double>(all[k]);
  };
  for (std::size_t t = 0; t < times; ++t) {
    if (above(t, of_channels)) std::fill_n(flag + t * channels, channels, 1);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    if (!above(times + c, of_times)) continue;
    for (std::size_t t = 0; t < times; ++t) flag[t * channels + c] = 1;
  }
}

}  // namespace skymill::kernels
