// SPDX-License-Identifier: GPL-3.0-or-later
// Private to tap_loops_*.cpp: the text of the loops, compiled once per instruction set with
// SKYMILL_VECTOR_BYTES set. All in an unnamed namespace and without library code, so that the
// linker cannot pick an instance that this machine cannot run.
#pragma once

#include <stages/kernels/tap_loops.h>

namespace skymill::kernels {
namespace {

constexpr int kTapsFrom = 4;
constexpr int kTapsTo = 16;

template <class Real>
struct Lanes {
  static constexpr int kCount = SKYMILL_VECTOR_BYTES / static_cast<int>(sizeof(Real));
  typedef Real Vector __attribute__((vector_size(SKYMILL_VECTOR_BYTES)));
  // Lines start at any tap: loads and stores are not aligned.
  typedef Real Anywhere
      __attribute__((vector_size(SKYMILL_VECTOR_BYTES), aligned(alignof(Real)), may_alias));

  static Vector load(const Real* from) { return *reinterpret_cast<const Anywhere*>(from); }
  static void store(Real* to, Vector value) { *reinterpret_cast<Anywhere*>(to) = value; }
};

template <class Real, int Taps>
struct Loops {
  using L = Lanes<Real>;
  using Vector = typename L::Vector;

  static constexpr int kDegree = (Taps + 1) / 2 + 3;
  static constexpr int kAcross = (Taps + L::kCount - 1) / L::kCount;     // vectors of taps
  static constexpr int kAlong = (2 * Taps + L::kCount - 1) / L::kCount;  // vectors of a line
  static constexpr int kAcrossRow = static_cast<int>(padded_taps<Real>(Taps));
  static constexpr int kAlongRow = static_cast<int>(padded_taps<Real>(2 * Taps));

  template <int N, int Row>
  static void evaluate(const Real* coefficients, Real argument, Vector (&taps)[N]) {
    for (int k = 0; k < N; ++k) {
      taps[k] = L::load(coefficients + k * L::kCount);
    }
    for (int power = 1; power <= kDegree; ++power) {
      for (int k = 0; k < N; ++k) {
        taps[k] = taps[k] * argument + L::load(coefficients + power * Row + k * L::kCount);
      }
    }
  }

  static void add(const Real* coefficients, const TapPlace<Real>* places, const Real* values,
                  std::size_t count, Real* cells, std::size_t stride) {
    const Vector zero{};
    Vector real_parts = zero;
    Vector imaginary_parts = zero;
    for (int k = 0; k < L::kCount; k += 2) {
      real_parts[k] = 1;
      imaginary_parts[k + 1] = 1;
    }
    for (std::size_t s = 0; s < count; ++s) {
      const TapPlace<Real>& place = places[s];
      Vector across[kAcross];
      Vector along[kAlong];
      evaluate<kAcross, kAcrossRow>(coefficients, place.u, across);
      evaluate<kAlong, kAlongRow>(coefficients + (kDegree + 1) * kAcrossRow, place.v, along);
      const Vector value = real_parts * values[2 * s] + imaginary_parts * values[2 * s + 1];
      for (int k = 0; k < kAlong; ++k) {
        along[k] *= value;
      }
      alignas(64) Real tap[kAcross * L::kCount];
      for (int k = 0; k < kAcross; ++k) {
        *reinterpret_cast<Vector*>(tap + k * L::kCount) = across[k];
      }
      Real* line = cells + place.line * stride + 2 * static_cast<std::size_t>(place.column);
#pragma GCC unroll 16
      for (int i = 0; i < Taps; ++i) {
        for (int k = 0; k < kAlong; ++k) {
          L::store(line + k * L::kCount, L::load(line + k * L::kCount) + along[k] * tap[i]);
        }
        line += stride;
      }
    }
  }

  static void read(const Real* coefficients, const TapPlace<Real>* places, Real* values,
                   std::size_t count, const Real* cells, std::size_t stride) {
    for (std::size_t s = 0; s < count; ++s) {
      const TapPlace<Real>& place = places[s];
      Vector across[kAcross];
      Vector along[kAlong];
      evaluate<kAcross, kAcrossRow>(coefficients, place.u, across);
      evaluate<kAlong, kAlongRow>(coefficients + (kDegree + 1) * kAcrossRow, place.v, along);
      alignas(64) Real tap[kAcross * L::kCount];
      for (int k = 0; k < kAcross; ++k) {
        *reinterpret_cast<Vector*>(tap + k * L::kCount) = across[k];
      }
      const Real* line = cells + place.line * stride + 2 * static_cast<std::size_t>(place.column);
      Vector sums[kAlong] = {};
#pragma GCC unroll 16
      for (int i = 0; i < Taps; ++i) {
        for (int k = 0; k < kAlong; ++k) {
          sums[k] += L::load(line + k * L::kCount) * tap[i];
        }
        line += stride;
      }
      Vector total = sums[0] * along[0];
      for (int k = 1; k < kAlong; ++k) {
        total += sums[k] * along[k];
      }
      alignas(64) Real parts[L::kCount];
      *reinterpret_cast<Vector*>(parts) = total;
      for (int half = L::kCount / 2; half >= 2; half /= 2) {
        for (int k = 0; k < half; ++k) {
          parts[k] += parts[k + half];
        }
      }
      values[2 * s] = parts[0];
      values[2 * s + 1] = parts[1];
    }
  }
};

template <class Real>
struct LoopTable {
  TapLoops<Real> of_taps[kTapsTo - kTapsFrom + 1];
};

template <class Real, int Taps>
constexpr void fill_table(LoopTable<Real>& table) {
  if constexpr (Taps <= kTapsTo) {
    table.of_taps[Taps - kTapsFrom] = {&Loops<Real, Taps>::add, &Loops<Real, Taps>::read};
    fill_table<Real, Taps + 1>(table);
  }
}

template <class Real>
constexpr LoopTable<Real> make_table() {
  LoopTable<Real> table{};
  fill_table<Real, kTapsFrom>(table);
  return table;
}

constexpr LoopTable<float> kSingles = make_table<float>();
constexpr LoopTable<double> kDoubles = make_table<double>();

}  // namespace
}  // namespace skymill::kernels
