// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/es_kernel.h>
#include <stages/kernels/tap_loops.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <random>
#include <string>
#include <vector>

using namespace skymill::kernels;

namespace {

struct Variant {
  std::string name;
  const TapLoops<float>* singles;
  const TapLoops<double>* doubles;
  template <class Real>
  const TapLoops<Real>& of(int taps) const {
    const auto at = static_cast<std::size_t>(taps - kLeastTaps);
    if constexpr (sizeof(Real) == sizeof(float)) {
      return singles[at];
    } else {
      return doubles[at];
    }
  }
};

/// Every set of loops that this machine can run.
std::vector<Variant> variants() {
  std::vector<Variant> result = {
      {"baseline", tap_loops_baseline::singles(), tap_loops_baseline::doubles()}};
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    result.push_back({"avx2", tap_loops_avx2::singles(), tap_loops_avx2::doubles()});
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    result.push_back({"avx512", tap_loops_avx512::singles(), tap_loops_avx512::doubles()});
  }
#endif
  return result;
}

/// Random polynomials, and the loops' answers against plain sums over them.
template <class Real>
void check_variant(const Variant& variant, int taps, double tolerance) {
  std::mt19937 random(static_cast<unsigned>(taps));
  std::uniform_real_distribution<Real> number(-1, 1);
  const auto n = static_cast<std::size_t>(taps);
  const auto powers = static_cast<std::size_t>(kernel_degree(taps) + 1);
  const std::size_t across = padded_taps<Real>(n);
  const std::size_t along = padded_taps<Real>(2 * n);
  std::vector<Real> rows(powers * (across + along), Real{0});
  for (std::size_t row = 0; row < powers; ++row) {
    for (std::size_t tap = 0; tap < n; ++tap) {
      rows[row * across + tap] = number(random);
      rows[powers * across + row * along + 2 * tap] = rows[row * across + tap];
      rows[powers * across + row * along + 2 * tap + 1] = rows[row * across + tap];
    }
  }
  const auto tap_value = [&](std::size_t tap, Real y) {
    double value = 0;
    for (std::size_t row = 0; row < powers; ++row) {
      value = value * static_cast<double>(y) + static_cast<double>(rows[row * across + tap]);
    }
    return value;
  };

  constexpr std::size_t kLines = 24;
  constexpr std::size_t kStride = 48;  // cells
  std::vector<TapPlace<Real>> places;
  std::vector<std::complex<Real>> values;
  for (std::uint32_t s = 0; s < 9; ++s) {
    places.push_back({number(random), number(random), s % 8, (5 * s) % 16});
    values.emplace_back(number(random), number(random));
  }
  std::vector<std::complex<Real>> cells(kLines * kStride);
  const TapLoops<Real>& loops = variant.of<Real>(taps);
  loops.add(rows.data(), places.data(), reinterpret_cast<const Real*>(values.data()), places.size(),
            reinterpret_cast<Real*>(cells.data()), 2 * kStride);
  std::vector<std::complex<double>> expected(cells.size());
  for (std::size_t s = 0; s < places.size(); ++s) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        expected[(places[s].line + i) * kStride + places[s].column + j] +=
            tap_value(i, places[s].u) * tap_value(j, places[s].v) * std::complex<double>(values[s]);
      }
    }
  }
  double worst = 0;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    worst = std::max(worst, std::abs(std::complex<double>(cells[k]) - expected[k]));
  }
  INFO(variant.name << ", " << taps << " taps, " << sizeof(Real) << " bytes");
  CHECK(worst < tolerance);

  for (auto& cell : cells) {
    cell = {number(random), number(random)};
  }
  loops.read(rows.data(), places.data(), reinterpret_cast<Real*>(values.data()), places.size(),
             reinterpret_cast<const Real*>(cells.data()), 2 * kStride);
  worst = 0;
  for (std::size_t s = 0; s < places.size(); ++s) {
    std::complex<double> sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        sum += tap_value(i, places[s].u) * tap_value(j, places[s].v) *
               std::complex<double>(cells[(places[s].line + i) * kStride + places[s].column + j]);
      }
    }
    worst = std::max(worst, std::abs(std::complex<double>(values[s]) - sum));
  }
  CHECK(worst < 4 * tolerance);
}

}  // namespace

TEST_CASE("tap loops of every instruction set here equal plain sums", "[kernels][wgridder]") {
  for (const Variant& variant : variants()) {
    for (int taps = kLeastTaps; taps <= kMostTaps; ++taps) {
      check_variant<float>(variant, taps, 1e-4);
      check_variant<double>(variant, taps, 1e-12);
    }
  }
  CHECK_THROWS_AS(tap_loops<float>(kLeastTaps - 1), std::invalid_argument);
  CHECK_THROWS_AS(tap_loops<double>(kMostTaps + 1), std::invalid_argument);
}

TEST_CASE("kernels alias no more than their table says", "[kernels][wgridder]") {
  for (const KernelChoice& choice : kernel_choices()) {
    const PolynomialKernel kernel(choice);
    double worst = 0;
    for (int step = 0; step <= 40; ++step) {
      const double frequency = 0.5 / choice.oversampling * step / 40;
      double aliased = 0;
      for (int k = 1; k <= 2; ++k) {
        aliased += std::pow(kernel.transform(frequency + k), 2) +
                   std::pow(kernel.transform(frequency - k), 2);
      }
      worst = std::max(worst, std::sqrt(aliased) / kernel.transform(frequency));
    }
    INFO(choice.taps << " taps, oversampling " << choice.oversampling);
    CHECK(worst < 1.05 * choice.error);
    CHECK(worst > 0.1 * choice.error);
  }
}
