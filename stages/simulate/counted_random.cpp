// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/simulate/counted_random.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

namespace skymill::radio {

namespace {

constexpr float kLn2 = 0.693147180559945309F;
constexpr float kHalfPi = 1.57079632679489662F;
constexpr std::size_t kBlock = 32;

/// Natural logarithm of a normal number, to a few units of the last place: x = 2^e m with m around
/// 1, ln m = 2 artanh((m - 1)/(m + 1)).
inline float logarithm(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  // The bits of 1/sqrt(2), so that m lies between it and sqrt(2).
  const std::uint32_t shifted = bits - 0x3f3504f3U;
  const auto exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
  const float m = std::bit_cast<float>((shifted & 0x007fffffU) + 0x3f3504f3U);
  const float s = (m - 1) / (m + 1), t = s * s;
  const float series = 2 + t * (2.0F / 3 + t * (2.0F / 5 + t * (2.0F / 7 + t * (2.0F / 9))));
  return exponent * kLn2 + s * series;
}

/// Cosine and sine of a quarter turn times r, r from -1/2 to 1/2.
inline void quarter_turn(float r, float& cosine, float& sine) {
  const float x = r * kHalfPi, t = x * x;
  sine = x * (1 + t * (-1.0F / 6 + t * (1.0F / 120 + t * (-1.0F / 5040 + t * (1.0F / 362880)))));
  cosine = 1 + t * (-0.5F + t * (1.0F / 24 + t * (-1.0F / 720 + t * (1.0F / 40320))));
}

}  // namespace

void CountedRandom::fill_normal_pairs(std::size_t count, std::complex<float>* into) const {
  // Blocks, so that the arithmetic runs on vectors; a value depends on its counter alone.
  std::array<std::int32_t, kBlock> radius_bits{}, angle_bits{};
  std::array<float, kBlock> real{}, imaginary{};
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t size = std::min(kBlock, count - first);
    for (std::size_t k = 0; k < size; ++k) {
      const std::uint64_t bits = mix(seed_ + (first + k) * kStep);
      radius_bits[k] = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits >> 32));
      angle_bits[k] = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
    }
    for (std::size_t k = 0; k < kBlock; ++k) {
      // Uniform in (0, 1]: from signed numbers, since vectors convert no others.
      const float folded = std::abs(static_cast<float>(radius_bits[k])) * 0x1p-31F;
      const float uniform = folded < 0x1p-33F ? 0x1p-33F : folded;
      const float radius = std::sqrt(-2 * logarithm(uniform));
      // The upper two bits are the quadrant, those below the place in it.
      const auto angle = static_cast<std::uint32_t>(angle_bits[k]);
      const std::uint32_t quadrant = angle >> 30;
      const float r = static_cast<float>(static_cast<std::int32_t>(angle << 2)) * 0x1p-32F;
      float cosine = 0, sine = 0;
      quarter_turn(r, cosine, sine);
      const float swapped_cosine = (quadrant & 1U) != 0 ? -sine : cosine;
      const float swapped_sine = (quadrant & 1U) != 0 ? cosine : sine;
      const float sign = (quadrant & 2U) != 0 ? -radius : radius;
      real[k] = sign * swapped_cosine;
      imaginary[k] = sign * swapped_sine;
    }
    for (std::size_t k = 0; k < size; ++k) into[first + k] = {real[k], imaginary[k]};
  }
}

}  // namespace skymill::radio
