// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/find_interference.h>
#include <stages/kernels/rfi_loops.h>
#include <stages/kernels/scale_invariant_rank.h>
#include <stages/kernels/sum_threshold.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

using namespace skymill::kernels;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> noise(std::size_t n, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

double share(const std::vector<std::uint8_t>& flag) {
  return std::accumulate(flag.begin(), flag.end(), 0.0) / static_cast<double>(flag.size());
}

/// Runs of one line, straight from the definition: the mean of what was not found in shorter ones.
void look_along(const std::vector<double>& value, double chi, std::vector<int>& found) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(64, value.size()); length *= 2) {
    const double limit = chi / std::pow(1.5, std::log2(static_cast<double>(length)));
    std::vector<int> next = found;
    for (std::size_t first = 0; first + length <= value.size(); ++first) {
      double sum = 0, count = 0;
      for (std::size_t k = first; k < first + length; ++k) {
        if (found[k] == 0) sum += value[k], count += 1;
      }
      if (std::abs(sum) > limit * count)
        std::fill_n(next.begin() + static_cast<int>(first), length, 1);
    }
    found = next;
  }
}

/// One round of SumThreshold by its definition.
std::vector<std::uint8_t> by_definition(const std::vector<float>& value, std::size_t times,
                                        std::size_t channels, double chi, double transient) {
  std::vector<std::uint8_t> result(value.size());
  std::vector<std::vector<int>> found(times, std::vector<int>(channels));
  for (std::size_t c = 0; c < channels; ++c) {
    std::vector<double> line;
    for (std::size_t t = 0; t < times; ++t) line.push_back(value[t * channels + c]);
    std::vector<int> mark(times);
    look_along(line, chi, mark);
    for (std::size_t t = 0; t < times; ++t) found[t][c] = mark[t];
  }
  for (std::size_t t = 0; t < times; ++t) {
    const std::vector<double> line(value.begin() + static_cast<int>(t * channels),
                                   value.begin() + static_cast<int>((t + 1) * channels));
    look_along(line, chi * transient, found[t]);
    for (std::size_t c = 0; c < channels; ++c) {
      result[t * channels + c] = static_cast<std::uint8_t>(found[t][c]);
    }
  }
  return result;
}

/// A sample is in when some run around it has at most this share of others.
std::vector<std::uint8_t> dilated_by_definition(const std::vector<std::uint8_t>& flag, double eta,
                                                const std::vector<std::uint8_t>& missing) {
  std::vector<std::uint8_t> result = flag;
  for (std::size_t a = 0; a < flag.size(); ++a) {
    int good = 0, all = 0;
    for (std::size_t b = a; b < flag.size(); ++b) {
      if (missing[b] == 0) ++all, good += flag[b] == 0 ? 1 : 0;
      if (good > eta * all + 1e-9) continue;
      std::fill(result.begin() + static_cast<int>(a), result.begin() + static_cast<int>(b) + 1, 1);
    }
  }
  return result;
}

struct Contaminated {
  std::size_t times = 24, channels = 384, corrs = 2;
  std::vector<float> amplitude;   // [time][corr][chan]
  std::vector<std::uint8_t> bad;  // [time][chan]
};

/// Noise and a source with fringes, with a carrier, a burst and a drifting line of 4 sigma.
Contaminated contaminated(unsigned seed) {
  Contaminated all;
  const std::size_t cells = all.times * all.channels;
  all.bad.assign(cells, 0);
  for (std::size_t t = 0; t < all.times; ++t) {
    all.bad[t * all.channels + 40] = 1;
    all.bad[t * all.channels + 100 + 2 * t] = 1;
    for (std::size_t c = 200; c < 384 && (t == 7 || t == 8); ++c) all.bad[t * all.channels + c] = 1;
  }
  const std::vector<float> parts = noise(4 * cells, seed);
  for (std::size_t t = 0, k = 0; t < all.times; ++t) {
    for (std::size_t corr = 0; corr < all.corrs; ++corr) {
      for (std::size_t c = 0; c < all.channels; ++c, k += 2) {
        const double fringe =
            3 + std::cos(0.02 * static_cast<double>(c) + 0.1 * static_cast<double>(t));
        std::complex<double> value(fringe + parts[k], parts[k + 1]);
        const double phase = 0.7 * static_cast<double>(t);
        if (all.bad[t * all.channels + c] != 0) value += std::polar(6.0, phase);
        all.amplitude.push_back(static_cast<float>(std::abs(value)));
      }
    }
  }
  return all;
}

std::vector<std::uint8_t> search(const Contaminated& all, const InterferenceParams& params = {}) {
  const BaselineShape shape{all.times, all.corrs, all.channels};
  std::vector<std::uint8_t> bits(all.times * found_bytes(all.channels));
  find_interference({all.amplitude.data()}, shape, params, 1, {bits.data()});
  std::vector<std::uint8_t> flag;
  for (std::size_t t = 0; t < all.times; ++t) {
    for (std::size_t c = 0; c < all.channels; ++c) {
      flag.push_back(bits[t * found_bytes(all.channels) + c / 8] >> (c % 8) & 1);
    }
  }
  return flag;
}

}  // namespace

TEST_CASE("one round of SumThreshold is its definition") {
  constexpr std::size_t kTimes = 20, kChannels = 150;
  std::vector<float> value = noise(kTimes * kChannels);
  for (std::size_t t = 3; t < 12; ++t) value[t * kChannels + 70] += 3;
  for (std::size_t c = 90; c < 130; ++c) value[15 * kChannels + c] += 2.5F;
  value[500] = -9;
  SumThresholdParams params;
  params.iterations = 1;
  params.base_threshold = 0.7;
  SumThreshold search(kTimes, kChannels, params);
  std::vector<std::uint8_t> found(value.size());
  search.find(value.data(), 0, found.data());
  // The scatter of all 3000 samples, of which none is left out.
  std::vector<float> sizes = value;
  for (float& size : sizes) size = std::abs(size);
  std::nth_element(sizes.begin(), sizes.begin() + 1500, sizes.end());
  const double chi = 6 * 0.7 * 1.482602218505602 * sizes[1500];
  CHECK(found == by_definition(value, kTimes, kChannels, chi, 0.8));
  CHECK(found[3 * kChannels + 70] == 1);
  CHECK(found[15 * kChannels + 110] == 1);
  CHECK(found[500] == 1);
  CHECK(share(found) < 0.1);
}

TEST_CASE("dilation is its definition") {
  std::mt19937 random(3);
  for (const double eta : {0.1, 0.2, 0.5}) {
    for (int turn = 0; turn < 20; ++turn) {
      std::vector<std::uint8_t> flag(60), missing(60);
      for (auto& one : flag) one = random() % 3 == 0 ? 1 : 0;
      for (std::size_t k = 0; k < 60; ++k) missing[k] = random() % 5 == 0 ? 1 : 0;
      for (std::size_t k = 0; k < 60; ++k) flag[k] = missing[k] != 0 ? 0 : flag[k];
      const auto expected = dilated_by_definition(flag, eta, missing);
      auto along_times = flag, along_channels = flag;
      dilate_flags(60, 1, eta, 0, missing.data(), along_times.data());
      dilate_flags(1, 60, 0, eta, missing.data(), along_channels.data());
      CHECK(along_times == along_channels);
      // A run of missing samples alone has no share; what neighbours flags is of no matter there.
      for (std::size_t k = 0; k < 60; ++k) {
        if (missing[k] == 0) CHECK(along_times[k] == expected[k]);
      }
    }
  }
}

TEST_CASE("flags grow over what is mostly flagged") {
  std::vector<std::uint8_t> flag(4 * 8), missing(4 * 8);
  for (std::size_t c = 0; c < 7; ++c) flag[8 + c] = 1;      // integration 1: 7 of 8
  for (std::size_t t = 0; t < 3; ++t) flag[t * 8 + 2] = 1;  // channel 2: 3 of 4
  missing[3 * 8 + 5] = 1;
  fill_flags(4, 8, 0.7, 0.8, missing.data(), flag.data());
  CHECK(flag[8 + 7] == 1);
  CHECK(flag[3 * 8 + 2] == 1);
  CHECK(std::accumulate(flag.begin(), flag.end(), 0) == 8 + 3);
}

TEST_CASE("interference is found beside fringes of a source, and little else") {
  std::size_t bad = 0, found = 0, good = 0, wrong = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const Contaminated all = contaminated(seed);
    const auto flag = search(all);
    for (std::size_t k = 0; k < flag.size(); ++k) {
      bad += all.bad[k];
      found += all.bad[k] & flag[k];
      // Where half of an integration is bad, flags may grow into the other half.
      const std::size_t t = k / all.channels;
      if (all.bad[k] != 0 || t == 7 || t == 8) continue;
      ++good;
      wrong += flag[k];
    }
  }
  CAPTURE(bad, found, good, wrong);
  CHECK(static_cast<double>(found) >= 0.95 * static_cast<double>(bad));
  CHECK(static_cast<double>(wrong) <= 0.01 * static_cast<double>(good));
}

TEST_CASE("clean noise stays, and so does what has no noise at all") {
  Contaminated all;
  for (const float part : noise(all.times * all.corrs * all.channels)) {
    all.amplitude.push_back(5 + part);
  }
  CHECK(share(search(all)) < 0.002);
  std::fill(all.amplitude.begin(), all.amplitude.end(), 2.5F);
  CHECK(share(search(all)) == 0);
  all.amplitude[1000] = 900;
  CHECK(share(search(all)) == Approx(1.0 / static_cast<double>(all.times * all.channels)));
  std::fill(all.amplitude.begin(), all.amplitude.end(), kNan);
  CHECK(share(search(all)) == 0);
}

TEST_CASE("missing samples are not found and do not make their neighbours stand out") {
  Contaminated all;
  for (const float part : noise(all.times * all.corrs * all.channels)) {
    all.amplitude.push_back(5 + part);
  }
  for (std::size_t row = 0; row < all.times * all.corrs; ++row) {
    for (std::size_t c = 0; c < all.channels; ++c) {
      if (c < 60 || c % 64 < 50) all.amplitude[row * all.channels + c] = kNan;
    }
  }
  const auto flag = search(all);
  CHECK(share(flag) < 0.001);
  for (std::size_t k = 0; k < flag.size(); ++k) {
    const std::size_t c = k % all.channels;
    if (c < 60 || c % 64 < 50) REQUIRE(flag[k] == 0);
  }
}

TEST_CASE("a correlation that is missing leaves the search to the other") {
  Contaminated all = contaminated(9);
  const auto both = search(all);
  for (std::size_t t = 0; t < all.times; ++t) {
    std::fill_n(&all.amplitude[(2 * t + 1) * all.channels], all.channels, kNan);
  }
  const auto one = search(all);
  std::size_t found = 0, bad = 0;
  for (std::size_t k = 0; k < one.size(); ++k) {
    bad += all.bad[k];
    found += all.bad[k] & one[k];
  }
  CHECK(static_cast<double>(found) >= 0.9 * static_cast<double>(bad));
  CHECK(share(both) > 0);
}

TEST_CASE("what is found does not depend on threads or neighbours") {
  std::vector<Contaminated> baselines;
  for (unsigned seed = 1; seed <= 7; ++seed) baselines.push_back(contaminated(seed));
  const BaselineShape shape{24, 2, 384};
  const std::size_t each = shape.times * found_bytes(shape.nchan);
  std::vector<const float*> amplitude;
  for (const Contaminated& one : baselines) amplitude.push_back(one.amplitude.data());
  std::vector<std::vector<std::uint8_t>> results;
  for (const std::size_t threads : {1, 3}) {
    results.emplace_back(each * baselines.size());
    std::vector<std::uint8_t*> found;
    for (std::size_t k = 0; k < baselines.size(); ++k) found.push_back(&results.back()[k * each]);
    find_interference(amplitude, shape, {}, threads, found);
  }
  CHECK(results[0] == results[1]);
  std::vector<std::uint8_t> alone(each);
  find_interference({amplitude[4]}, shape, {}, 1, {alone.data()});
  CHECK(std::equal(alone.begin(), alone.end(), results[0].begin() + static_cast<int>(4 * each)));
}

TEST_CASE("a value at a rank is that of the sorted list") {
  for (const std::size_t n : {1, 2, 24, 49, 1000}) {
    std::vector<float> values = noise(n, static_cast<unsigned>(n));
    for (std::size_t k = 0; k < n; ++k) {
      values[k] = k % 7 == 0 ? 0 : k % 11 == 0 ? 3e38F : k % 5 == 0 ? 0.5F : std::abs(values[k]);
    }
    std::vector<float> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t rank = 0; rank < n; rank += 1 + n / 20) {
      CHECK(value_at_rank(values.data(), n, rank) == sorted[rank]);
      CHECK(rfi_loops_baseline::at_rank(values.data(), n, rank) == sorted[rank]);
    }
  }
}

TEST_CASE("the height of a plane is found from samples on one side of it") {
  // Samples of 5 + 2 t - 3 c at places that all lie off the middle.
  double m[9] = {};
  for (const auto& [t, c] : {std::pair{1.0, 1.0}, {1.0, 2.0}, {2.0, 1.0}, {3.0, 3.0}}) {
    const double value = 5 + 2 * t - 3 * c;
    const double parts[9] = {1, t, c, t * t, t * c, c * c, value, value * t, value * c};
    for (std::size_t k = 0; k < 9; ++k) m[k] += parts[k];
  }
  std::vector<float> moments(m, m + 9);
  std::vector<const float*> places;
  for (const float& moment : moments) places.push_back(&moment);
  float height = 0;
  plane_heights(places.data(), 1, 0, 0.1F, &height);
  CHECK(height == Approx(5));
  plane_heights(places.data(), 1, 0, 4, &height);
  CHECK(height == 0);
}

TEST_CASE("an integration's power counts no sample with more than the most") {
  const std::vector<float> r{1, -2, 30, 4, 5}, g{1, 1, 1, 0, 1}, f{1, 1, 1, 1, 0};
  const Power all = power(r.data(), g.data(), f.data(), r.size(), 16);
  CHECK(all.count == 3);
  CHECK(all.sum == 1 + 4 + 16);
}

TEST_CASE("loops over samples give the same bits for every instruction set") {
  const std::vector<float> v = noise(1000), g = [] {
    std::vector<float> good(1000, 1.0F);
    for (std::size_t k = 0; k < 1000; k += 7) good[k] = 0;
    return good;
  }();
  std::vector<float> sums(1000), counts(1000), base_sums(1000), base_counts(1000);
  const bool any = fold_windows(v.data(), g.data(), 900, 8, 1.2F, sums.data(), counts.data());
  CHECK(any == rfi_loops_baseline::fold(v.data(), g.data(), 900, 8, 1.2F, base_sums.data(),
                                        base_counts.data()));
  CHECK(sums == base_sums);
  CHECK(counts == base_counts);
  const Power some = power(v.data(), g.data(), sums.data(), 901, 2);
  const Power base = rfi_loops_baseline::power(v.data(), g.data(), sums.data(), 901, 2);
  CHECK(some.sum == base.sum);
  CHECK(some.count == base.count);
  const float* const moments[9] = {&v[0],  &v[10], &v[20], &v[30], &v[40],
                                   &v[50], &v[60], &v[70], &v[80]};
  std::vector<float> heights(901), base_heights(901);
  plane_heights(moments, 901, 0.01F, 0.1F, heights.data());
  rfi_loops_baseline::heights(moments, 901, 0.01F, 0.1F, base_heights.data());
  CHECK(heights == base_heights);
  for (std::size_t ncorr = 1; ncorr <= 4; ++ncorr) {
    const std::size_t nchan = 400 / ncorr / 2;
    std::vector<std::complex<float>> data;
    for (std::size_t k = 0; k < nchan * ncorr; ++k) data.push_back({v[2 * k], v[2 * k + 1]});
    data[5] = {std::numeric_limits<float>::infinity(), 0};
    std::vector<std::uint8_t> flag(nchan * ncorr);
    flag[9] = 1;
    std::vector<float> out(nchan * ncorr);
    row_amplitudes(data.data(), flag.data(), nchan, ncorr, out.data());
    for (std::size_t c = 0; c < nchan; ++c) {
      for (std::size_t k = 0; k < ncorr; ++k) {
        const std::size_t place = c * ncorr + k;
        if (place == 5 || place == 9) {
          CHECK(std::isnan(out[k * nchan + c]));
        } else {
          CHECK(out[k * nchan + c] == Approx(std::abs(data[place])).epsilon(1e-6));
        }
      }
    }
  }
}

TEST_CASE("what is weak in every sample but wide is found by sums, and only by them") {
  double found = 0, wrong = 0, found_singly = 0;
  constexpr unsigned kSeeds = 5;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Contaminated all;
    all.times = 48;
    all.bad.assign(all.times * all.channels, 0);
    const std::vector<float> parts = noise(all.times * all.corrs * all.channels, seed);
    for (std::size_t t = 0, k = 0; t < all.times; ++t) {
      for (std::size_t corr = 0; corr < all.corrs; ++corr) {
        for (std::size_t c = 0; c < all.channels; ++c, ++k) {
          const bool carrier = c == 77, burst = t == 30 && c >= 200 && c < 360;
          all.amplitude.push_back(10 + parts[k] + (carrier ? 1.5F : burst ? 1.0F : 0.0F));
          all.bad[t * all.channels + c] |= carrier || burst ? 1 : 0;
        }
      }
    }
    const auto share_of = [&](const std::vector<std::uint8_t>& flag, std::uint8_t bad) {
      double sum = 0, count = 0;
      for (std::size_t k = 0; k < flag.size(); ++k) {
        sum += all.bad[k] == bad ? flag[k] : 0;
        count += all.bad[k] == bad ? 1 : 0;
      }
      return sum / count / kSeeds;
    };
    const auto flag = search(all);
    found += share_of(flag, 1);
    wrong += share_of(flag, 0);
    InterferenceParams single;
    single.threshold.longest = 1;
    single.threshold.last_time_cut = 0;
    found_singly += share_of(search(all, single), 1);
  }
  CHECK(found > 0.97);
  CHECK(wrong < 0.01);
  CHECK(found_singly < 0.02);
}

TEST_CASE("a burst at the edge, beside lines that drift, does not pull the background along") {
  std::size_t beside = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Contaminated all;
    all.times = 48;
    all.channels = 256;
    all.bad.assign(all.times * all.channels, 0);
    const std::vector<float> parts = noise(all.times * all.corrs * all.channels, seed);
    for (std::size_t t = 0, k = 0; t < all.times; ++t) {
      for (std::size_t corr = 0; corr < all.corrs; ++corr) {
        for (std::size_t c = 0; c < all.channels; ++c, ++k) {
          const bool line = c == 20 + t || c == 70 + t || c == 120 + t, burst = t < 2;
          all.amplitude.push_back(20 + parts[k] + (line ? 9.0F : 0) + (burst ? 0.8F : 0));
          all.bad[t * all.channels + c] |= line || burst ? 1 : 0;
        }
      }
    }
    const auto flag = search(all);
    CHECK(std::count(flag.begin(), flag.begin() + 512, 1) == 512);
    for (std::size_t k = 512; k < 7 * all.channels; ++k) beside += all.bad[k] == 0 ? flag[k] : 0;
  }
  // An integration's rms of all of its samples leaves 1706 of 25 600 beside the bursts.
  CHECK(beside < 500);
}

TEST_CASE("parameters that make no sense are refused") {
  SumThresholdParams params;
  params.time_kernel = 4;
  CHECK_THROWS_AS(SumThreshold(4, 4, params), std::invalid_argument);
  params = {};
  params.base_threshold = 0;
  CHECK_THROWS_AS(SumThreshold(4, 4, params), std::invalid_argument);
}
