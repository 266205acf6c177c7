// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/bracket_loops.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace skymill::kernels;

namespace {

struct Variant {
  std::string name;
  std::size_t (*values)(const float*, std::size_t, Bracket&, float*);
  std::size_t (*distances)(const float*, std::size_t, double, Bracket&, float*);
};

/// Every set of loops that this machine can run.
std::vector<Variant> variants() {
  std::vector<Variant> result = {
      {"baseline", &bracket_loops_baseline::values, &bracket_loops_baseline::distances}};
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    result.push_back({"avx2", &bracket_loops_avx2::values, &bracket_loops_avx2::distances});
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    result.push_back({"avx512", &bracket_loops_avx512::values, &bracket_loops_avx512::distances});
  }
#endif
  return result;
}

}  // namespace

TEST_CASE("values beside two limits, by every instruction set", "[kernels][statistics]") {
  const std::size_t n = GENERATE(0, 1, 15, 16, 17, 63, 64, 65, 200, 2048);
  const auto [low, high] = GENERATE(table<float, float>(
      {{-0.2F, 0.3F},
       {0.25F, 0.25F},
       {-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()},
       {0.1F, std::numeric_limits<float>::infinity()}}));
  constexpr float kMost = std::numeric_limits<float>::max();
  std::mt19937 random(static_cast<unsigned>(n));
  std::normal_distribution<float> noise;
  std::vector<float> pixels(n);
  for (std::size_t k = 0; k < n; ++k) {
    const float rare[] = {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(),
                          kMost,
                          -kMost,
                          0.25F};
    pixels[k] = k % 3 == 1 ? rare[k / 3 % 6] : noise(random);
  }
  const double centre = GENERATE(0.01, -3e38);
  for (const Variant& variant : variants()) {
    INFO(variant.name << ", " << n << " values from " << low << " to " << high);
    for (const bool distances : {false, true}) {
      Bracket expected{low, high, 3, 5};  // sums go on from what was found before
      std::vector<float> inside;
      for (const float pixel : pixels) {
        if (!std::isfinite(pixel)) continue;
        const float value =
            distances ? static_cast<float>(std::abs(static_cast<double>(pixel) - centre)) : pixel;
        expected.below += value < low ? 1 : 0;
        expected.above += value > high ? 1 : 0;
        if (value >= low && value <= high) inside.push_back(value);
      }
      Bracket found{low, high, 3, 5};
      std::vector<float> within(n + 16);
      within.resize(distances ? variant.distances(pixels.data(), n, centre, found, within.data())
                              : variant.values(pixels.data(), n, found, within.data()));
      CHECK(found.below == expected.below);
      CHECK(found.above == expected.above);
      CHECK(within == inside);
    }
  }
}
