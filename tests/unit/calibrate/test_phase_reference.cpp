// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/phase_reference.h>
#include <stages/gains/correlation_hands.h>
#include <catch2/catch.hpp>

#include <cmath>

using namespace skymill::radio;

namespace {

/// Five antennas along a line, one frequency and hand; each interval has its own common phase, as
/// a solver leaves it, and gains that drift slowly.
Solutions drifting(std::size_t intervals) {
  Solutions solutions;
  auto header = std::make_shared<ObservationHeader>();
  for (int a = 0; a < 5; ++a) {
    Antenna antenna;
    antenna.name = "P" + std::to_string(a);
    antenna.position_m = {100.0 * a, 0, 0};
    header->antennas.push_back(antenna);
    solutions.antennas.push_back(antenna.name);
  }
  solutions.header = header;
  solutions.pols = {9};
  solutions.frequencies.resize(1);
  solutions.intervals.resize(intervals);
  solutions.resize();
  for (std::size_t t = 0; t < intervals; ++t) {
    solutions.refant[t] = 0;
    for (std::size_t a = 0; a < 5; ++a) {
      const std::size_t at = solutions.index(t, 0, 0, a);
      const double drift = 0.05 * static_cast<double>(a * t);
      solutions.gain[at] = std::complex<float>(
          std::polar(1.0 + 0.1 * static_cast<double>(a), drift + 1.9 * static_cast<double>(t)));
      solutions.flag[at] = 0;
      solutions.snr[at] = 100;
    }
  }
  return solutions;
}

void flag(Solutions& solutions, std::size_t t, std::size_t a) {
  solutions.flag[solutions.index(t, 0, 0, a)] = 1;
  solutions.gain[solutions.index(t, 0, 0, a)] = 1;
}

double phase(const Solutions& solutions, std::size_t t, std::size_t a) {
  return std::arg(solutions.gain[solutions.index(t, 0, 0, a)]);
}

}  // namespace

TEST_CASE("the reference antenna has phase 0 at all times, differences stay") {
  Solutions solutions = drifting(4);
  CHECK(reference_phases({2, 0, 1, 3, 4}, solutions).broken == 0);
  for (std::size_t t = 0; t < 4; ++t) {
    CHECK(phase(solutions, t, 2) == 0);
    CHECK(phase(solutions, t, 4) == Approx(0.1 * static_cast<double>(t)).epsilon(0).margin(1e-6));
    CHECK(std::abs(solutions.gain[solutions.index(t, 0, 0, 2)]) == Approx(1.2));
    CHECK(solutions.refant[t] == 2);
  }
}

TEST_CASE("where it is missing another antenna keeps its phase from the interval beside") {
  Solutions solutions = drifting(5);
  flag(solutions, 0, 2);
  flag(solutions, 3, 2);
  flag(solutions, 3, 0);  // the second choice is missing, too
  CHECK(reference_phases({2, 0, 1, 3, 4}, solutions).broken == 0);
  CHECK(solutions.refant == std::vector<std::int32_t>{0, 2, 2, 1, 2});
  // Antenna 0 has phase -0.1 at time 1, and keeps it before; antenna 1 -0.1 at time 2.
  CHECK(phase(solutions, 0, 0) == Approx(-0.1));
  CHECK(phase(solutions, 3, 1) == Approx(phase(solutions, 2, 1)));
  CHECK(phase(solutions, 3, 1) == Approx(-0.1));
  CHECK(phase(solutions, 4, 2) == 0);
  CHECK(solutions.gain[solutions.index(3, 0, 0, 2)] == std::complex<float>(1, 0));
}

TEST_CASE("a break that no antenna bridges is counted") {
  Solutions solutions = drifting(3);
  for (const std::size_t a : {0, 1, 2}) flag(solutions, 1, a);
  for (const std::size_t a : {3, 4}) flag(solutions, 0, a);
  for (const std::size_t a : {3, 4}) flag(solutions, 2, a);
  CHECK(reference_phases({2, 0, 1, 3, 4}, solutions).broken == 1);
  CHECK(phase(solutions, 1, 3) == 0);
  CHECK(solutions.refant[1] == 3);
}

TEST_CASE("an antenna that is never good leaves its place to the next") {
  Solutions solutions = drifting(2);
  flag(solutions, 0, 2);
  flag(solutions, 1, 2);
  reference_phases({2, 0, 1, 3, 4}, solutions);
  CHECK(solutions.refant == std::vector<std::int32_t>{0, 0});
  Solutions empty = drifting(2);
  for (std::size_t t = 0; t < 2; ++t) {
    empty.refant[t] = -1;
    for (std::size_t a = 0; a < 5; ++a) flag(empty, t, a);
  }
  CHECK(reference_phases({2, 0, 1, 3, 4}, empty).broken == 0);
  CHECK(empty.refant == std::vector<std::int32_t>{-1, -1});
}

TEST_CASE("the order: as asked, then whole antennas from the middle outwards, then the rest") {
  Solutions solutions = drifting(10);
  flag(solutions, 4, 2);  // 90 % are left: still as good as whole
  CHECK(reference_order(solutions, {})[0] == 2);
  flag(solutions, 5, 2);
  flag(solutions, 6, 2);
  const auto order = reference_order(solutions, {"P4"});
  CHECK(order == std::vector<std::size_t>{4, 1, 3, 0, 2});
}

TEST_CASE("an antenna of noise is no reference, even when asked for, and a faint one hardly") {
  Solutions solutions = drifting(3);
  const auto set_snr = [&](std::size_t a, float snr) {
    for (std::size_t t = 0; t < 3; ++t) solutions.snr[solutions.index(t, 0, 0, a)] = snr;
  };
  set_snr(2, 2.5F);
  set_snr(1, 20);
  CHECK(reference_order(solutions, {}) == std::vector<std::size_t>{3, 0, 4, 1, 2});
  CHECK(reference_order(solutions, {"P2", "P1"}) == std::vector<std::size_t>{1, 3, 0, 4, 2});
  // Where all are as faint none is worse than the others.
  for (std::size_t a = 0; a < 5; ++a) set_snr(a, 2.5F);
  CHECK(reference_order(solutions, {})[0] == 2);
  CHECK(reference_order(solutions, {"P4"})[0] == 4);
}

TEST_CASE("an antenna dead in one polarisation is no reference for the other") {
  Solutions solutions = drifting(1);
  solutions.pols = {9, 12};
  solutions.resize();
  std::fill(solutions.flag.begin(), solutions.flag.end(), 0);
  std::fill(solutions.snr.begin(), solutions.snr.end(), 100.0F);
  solutions.snr[solutions.index(0, 0, 1, 2)] = 2;
  CHECK(reference_order(solutions, {}).back() == 2);
}

TEST_CASE("feeds of correlations") {
  for (const int code : {5, 8, 9, 12}) CHECK(is_parallel_hand(code));
  for (const int code : {1, 2, 3, 4, 6, 7, 10, 11, 13}) CHECK_FALSE(is_parallel_hand(code));
  CHECK(feeds_of(10)->first == 9);
  CHECK(feeds_of(10)->second == 12);
  CHECK(feeds_of(7)->first == 8);
  CHECK(feeds_of(7)->second == 5);
  CHECK_FALSE(feeds_of(1).has_value());
}
