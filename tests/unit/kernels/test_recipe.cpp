// SPDX-License-Identifier: GPL-3.0-or-later
// Printed vectors of imaging.md 2.6 and 11.
#include <stages/kernels/padded_size.h>
#include <stages/kernels/spheroidal.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "printed_number.h"

using namespace skymill::kernels;
using oracle::printed;

TEST_CASE("spheroidal function has the printed values", "[kernels][spheroidal]") {
  CHECK(spheroidal(0) == printed("0.99999967"));
  CHECK(spheroidal(0.1) == printed("0.96208284"));
  CHECK(spheroidal(-0.25) == printed("0.78332351"));
  CHECK(spheroidal(0.5) == printed("0.36106538"));
  CHECK(spheroidal(0.75) == printed("0.082033396"));
  CHECK(spheroidal(0.9) == printed("0.018896208"));
  CHECK(spheroidal(1) == printed("0.004028559"));
  CHECK(spheroidal(1.0001) == 0.0);
}

TEST_CASE("kernel table has the printed values", "[kernels][spheroidal]") {
  CHECK(kernel_table(0) == printed("0.99999967"));
  CHECK(kernel_table(50) == printed("0.87290125"));
  CHECK(kernel_table(100) == printed("0.57324539"));
  CHECK(kernel_table(150) == printed("0.27079904"));
  CHECK(kernel_table(200) == printed("0.082623420"));
  CHECK(kernel_table(250) == printed("0.012010541"));
  CHECK(kernel_table(299) == printed("2.8663376e-5"));
  CHECK(kernel_table(300) == 0.0);
  CHECK_THROWS_AS(kernel_table(-1), std::invalid_argument);
}

TEST_CASE("normalised taps have the printed values", "[kernels][spheroidal]") {
  const std::string outside = "0.00000000000";
  const std::vector<std::pair<int, std::vector<std::string>>> vectors{
      {0, {outside, ".0357408", ".247972", ".432575", ".247972", ".0357408", outside}},
      {25, {".00105741", ".0691087", ".317676", ".418211", ".178422", ".0155253", outside}},
      {50, {".00519617", ".117157", ".377647", ".377647", ".117157", ".00519617", outside}}};
  for (const auto& [offset, taps] : vectors) {
    for (std::size_t i = 0; i < taps.size(); ++i) {
      INFO("offset " << offset << " tap " << i);
      CHECK(normalised_taps(offset)[i] == printed(taps[i]));
      CHECK(normalised_taps(-offset)[6 - i] == normalised_taps(offset)[i]);
    }
  }
  double sum = 0;
  for (int i = -3; i <= 3; ++i) {
    sum += kernel_table(100 * std::abs(i));
  }
  CHECK(sum == printed("2.3117373"));
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
