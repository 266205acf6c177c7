// SPDX-License-Identifier: GPL-3.0-or-later
// Transposes of 8 x 8 bytes and of 8 x 8 bits by exchanging blocks within 64-bit words, as in
// Warren, Hacker's Delight, 2nd ed., 7-3.
#include "bit_transpose.h"

#include <array>
#include <cstring>

namespace skymill::radio::hdf5 {

namespace {

using Words = std::array<std::uint64_t, 8>;

/// Byte j of word i becomes byte i of word j.
void transpose_bytes(Words& w) {
  const auto exchange = [&w](std::size_t a, std::size_t b, unsigned shift, std::uint64_t mask) {
    const std::uint64_t t = ((w[a] >> shift) ^ w[b]) & mask;
    w[b] ^= t;
    w[a] ^= t << shift;
  };
  for (std::size_t k = 0; k < 4; ++k) exchange(k, k + 4, 32, 0x00000000ffffffffU);
  for (const std::size_t k : {0U, 1U, 4U, 5U}) exchange(k, k + 2, 16, 0x0000ffff0000ffffU);
  for (const std::size_t k : {0U, 2U, 4U, 6U}) exchange(k, k + 1, 8, 0x00ff00ff00ff00ffU);
}

/// Bit j of byte i becomes bit i of byte j.
std::uint64_t transpose_bits(std::uint64_t word) {
  std::uint64_t t = (word ^ (word >> 7U)) & 0x00aa00aa00aa00aaU;
  word ^= t ^ (t << 7U);
  t = (word ^ (word >> 14U)) & 0x0000cccc0000ccccU;
  word ^= t ^ (t << 14U);
  t = (word ^ (word >> 28U)) & 0x00000000f0f0f0f0U;
  return word ^ t ^ (t << 28U);
}

/// Cells of 8 bytes, or of 4 in pairs of words.
template <std::size_t kCell>
std::size_t unshuffle_eights(const std::uint8_t* from, std::size_t cells, std::uint8_t* into) {
  const std::size_t whole = cells / 8 * 8;
  for (std::size_t cell = 0; cell < whole; cell += 8) {
    Words words{};
    for (std::size_t b = 0; b < kCell; ++b) std::memcpy(&words[b], from + b * cells + cell, 8);
    transpose_bytes(words);
    if constexpr (kCell == 8) {
      std::memcpy(into + cell * kCell, words.data(), sizeof(words));
    } else {
      for (std::size_t k = 0; k < 8; ++k) {
        std::memcpy(into + (cell + k) * kCell, &words[k], kCell);
      }
    }
  }
  return whole;
}

}  // namespace

void unshuffle_bytes(const std::uint8_t* from, std::size_t bytes, std::size_t cell_bytes,
                     std::uint8_t* into) {
  const std::size_t cells = bytes / cell_bytes;
  std::size_t done = 0;
  if (cell_bytes == 8) done = unshuffle_eights<8>(from, cells, into);
  if (cell_bytes == 4) done = unshuffle_eights<4>(from, cells, into);
  for (std::size_t b = 0; b < cell_bytes; ++b) {
    const std::uint8_t* const plane = from + b * cells;
    for (std::size_t k = done; k < cells; ++k) into[k * cell_bytes + b] = plane[k];
  }
  const std::size_t rest = cells * cell_bytes;
  if (rest < bytes) std::memcpy(into + rest, from + rest, bytes - rest);
}

void unshuffle_bits(const std::uint8_t* from, std::size_t cells, std::size_t cell_bytes,
                    std::uint8_t* into) {
  const std::size_t plane = cells / 8;
  for (std::size_t b = 0; b < cell_bytes; ++b) {
    const std::uint8_t* const planes = from + 8 * b * plane;
    for (std::size_t group = 0; group < plane; ++group) {
      std::uint64_t word = 0;
      for (std::size_t bit = 0; bit < 8; ++bit) {
        word |= std::uint64_t{planes[bit * plane + group]} << 8 * bit;
      }
      word = transpose_bits(word);
      for (std::size_t k = 0; k < 8; ++k) {
        into[(8 * group + k) * cell_bytes + b] = static_cast<std::uint8_t>(word >> 8 * k);
      }
    }
  }
}

}  // namespace skymill::radio::hdf5
