// SPDX-License-Identifier: GPL-3.0-or-later
// Printed vectors of imaging.md 2.6 and 11.
#include <stages/kernels/padded_size.h>
#include <stages/kernels/spheroidal.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace skymill::kernels;

TEST_CASE("spheroidal function has the printed values", "[kernels][spheroidal]") {
  CHECK(spheroidal(0) == Approx(0.99999967).margin(5e-9));
  CHECK(spheroidal(0.1) == Approx(0.96208284).margin(5e-9));
  CHECK(spheroidal(-0.25) == Approx(0.78332351).margin(5e-9));
  CHECK(spheroidal(0.5) == Approx(0.36106538).margin(5e-9));
  CHECK(spheroidal(0.75) == Approx(0.082033396).margin(1.4e-9));
  CHECK(spheroidal(0.9) == Approx(0.018896208).margin(5e-10));
  CHECK(spheroidal(1) == Approx(0.004028559).margin(5e-10));
  CHECK(spheroidal(1.0001) == 0.0);
}

TEST_CASE("kernel table has the printed values", "[kernels][spheroidal]") {
  CHECK(kernel_table(0) == Approx(0.99999967).margin(5e-9));
  CHECK(kernel_table(50) == Approx(0.87290125).margin(5e-9));
  CHECK(kernel_table(100) == Approx(0.57324539).margin(5e-9));
  CHECK(kernel_table(150) == Approx(0.27079904).margin(5e-9));
  CHECK(kernel_table(200) == Approx(0.082623420).margin(5e-10));
  CHECK(kernel_table(250) == Approx(0.012010541).margin(5e-10));
  CHECK(kernel_table(299) == Approx(2.8663376e-5).margin(5e-13));
  CHECK(kernel_table(300) == 0.0);
  CHECK_THROWS_AS(kernel_table(-1), std::invalid_argument);
}

TEST_CASE("normalised taps have the printed values", "[kernels][spheroidal]") {
  const std::vector<std::pair<int, std::vector<double>>> printed{
      {0, {0, .0357408, .247972, .432575, .247972, .0357408, 0}},
      {25, {.00105741, .0691087, .317676, .418211, .178422, .0155253, 0}},
      {50, {.00519617, .117157, .377647, .377647, .117157, .00519617, 0}}};
  for (const auto& [offset, taps] : printed) {
    for (std::size_t i = 0; i < taps.size(); ++i) {
      INFO("offset " << offset << " tap " << i);
      CHECK(normalised_taps(offset)[i] == Approx(taps[i]).epsilon(5e-6).margin(1e-12));
      CHECK(normalised_taps(-offset)[6 - i] == normalised_taps(offset)[i]);
    }
  }
  double sum = 0;
  for (int i = -3; i <= 3; ++i) {
    sum += kernel_table(100 * std::abs(i));
  }
  CHECK(sum == Approx(2.3117373).margin(5e-8));
  CHECK_THROWS_AS(normalised_taps(51), std::invalid_argument);
}

TEST_CASE("padded sizes are the listed ones", "[kernels][padding]") {
  const std::vector<std::pair<std::size_t, std::size_t>> listed{
      {100, 120},   {128, 160},   {250, 300},   {256, 320},   {288, 360},
      {500, 600},   {512, 640},   {1000, 1200}, {1024, 1250}, {1620, 1944},
      {2048, 2500}, {2250, 2700}, {4096, 5000}, {8000, 9600}, {8192, 10000}};
  for (const auto& [n, padded] : listed) {
    INFO("n = " << n);
    CHECK(padded_size(n) == padded);
  }
  CHECK_THROWS_AS(padded_size(0), std::invalid_argument);
  CHECK(smooth_even_size(7) == 8);
  CHECK(smooth_even_size(8) == 8);
  CHECK(smooth_even_size(13) == 16);
}
