// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/interval_rule.h>
#include <catch2/catch.hpp>

#include <limits>
#include <vector>

using skymill::radio::IntervalRule;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("scans and fields have intervals of their own unless they are combined") {
  IntervalRule apart(kInf, false, false);
  CHECK(apart.number(0, 10, 1, 0) == 0);
  CHECK(apart.number(10, 10, 1, 0) == 0);
  CHECK(apart.number(20, 10, 2, 0) == 1);
  CHECK(apart.number(30, 10, 2, 5) == 2);
  CHECK(apart.number(40, 10, 1, 0) == 0);
  IntervalRule scans(kInf, true, false);
  CHECK(scans.number(0, 10, 1, 0) == 0);
  CHECK(scans.number(20, 10, 2, 0) == 0);
  CHECK(scans.number(30, 10, 2, 5) == 1);
  IntervalRule all(kInf, true, true);
  CHECK(all.number(0, 10, 1, 0) == 0);
  CHECK(all.number(3000, 10, 2, 5) == 0);
}

TEST_CASE("seconds are counted from the first integration of a scan") {
  IntervalRule rule(60, false, true);
  std::vector<std::size_t> numbers;
  for (int t = 0; t < 10; ++t) numbers.push_back(rule.number(10.0 * t + 5, 10, 1, 0));
  CHECK(numbers == std::vector<std::size_t>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1});
  // The next scan does not fill the last one's interval up.
  CHECK(rule.number(105, 10, 2, 0) == 2);
  CHECK(rule.number(155, 10, 2, 0) == 2);
  CHECK(rule.number(165, 10, 2, 0) == 3);
}

TEST_CASE("after a gap that is longer than an interval the count begins anew") {
  IntervalRule rule(60, true, true);
  CHECK(rule.number(5, 10, 1, 0) == 0);
  CHECK(rule.number(45, 10, 1, 0) == 0);   // a gap of 30 s: the same interval
  CHECK(rule.number(155, 10, 1, 0) == 1);  // 100 s: 150 s to 210 s
  CHECK(rule.number(205, 10, 1, 0) == 1);
  CHECK(rule.number(215, 10, 1, 0) == 2);
  // Another window of the same times falls into the same intervals.
  CHECK(rule.number(5, 10, 1, 0) == 0);
  CHECK(rule.number(155, 10, 1, 0) == 1);
  CHECK(rule.number(215, 10, 1, 0) == 2);
}

TEST_CASE("integrations are told apart by their times, whatever length they state") {
  IntervalRule rule(0, false, false);
  // Ten thousand steps of 12.8849 s that call themselves 12.88 s, with errors of 40 us.
  for (std::size_t t = 0; t < 10000; ++t) {
    const double time_s = 12.8849 * static_cast<double>(t);
    REQUIRE(rule.number(time_s, 12.88, 1, 0) == t);
    REQUIRE(rule.number(time_s + 4e-5, 12.88, 1, 0) == t);
  }
}
