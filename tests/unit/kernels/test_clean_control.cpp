// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/clean_control.h>
#include <stages/kernels/clean_mask.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

namespace {

CleanState state(std::size_t iterations, std::size_t majors, double peak, double anywhere) {
  CleanState s;
  s.iterations = iterations;
  s.major_cycles = majors;
  s.peak = peak;
  s.peak_without_mask = anywhere;
  return s;
}

}  // namespace

TEST_CASE("stop codes come in tclean's order", "[kernels][clean]") {
  StopParameters p{1000, 0.1, 0, std::nullopt};
  SECTION("an empty mask at first is 7, whatever else holds") {
    auto s = state(0, 0, 0.05, 0.05);
    s.mask_sum = 0;
    CHECK(StopTest(p).check(s) == StopCode::kEmptyMask);
    s.mask_sum = 12;
    CHECK(StopTest(p).check(s) == StopCode::kThreshold);
    s.mask_sum.reset();
    s.peak = 5;
    CHECK(StopTest(p).check(s) == StopCode::kNone);
  }
  SECTION("an empty mask later is 7 only when no limit is reached") {
    auto s = state(10, 1, 5, 5);
    s.mask_sum = 0;
    CHECK(StopTest(p).check(s) == StopCode::kEmptyMask);
    s.iterations = 1000;
    CHECK(StopTest(p).check(s) == StopCode::kIterations);
  }
  SECTION("threshold overrides niter, n-sigma threshold, a request all") {
    CHECK(StopTest(p).check(state(1000, 2, 5, 5)) == StopCode::kIterations);
    CHECK(StopTest(p).check(state(1001, 2, 0.1009, 5)) == StopCode::kThreshold);
    CHECK(StopTest(p).check(state(999, 2, 0.1011, 5)) == StopCode::kNone);
    p.nsigma = 3;
    auto s = state(1000, 2, 0.1, 5);
    s.nsigma_threshold = 0.0995;
    CHECK(StopTest(p).check(s) == StopCode::kNsigma);
    s.stop_asked = true;
    CHECK(StopTest(p).check(s) == StopCode::kForced);
    p.nsigma = 0;
    s.stop_asked = false;
    CHECK(StopTest(p).check(s) == StopCode::kThreshold);
  }
  SECTION("no threshold is never near, but a peak of nothing is below it") {
    p.threshold = 0;
    CHECK(StopTest(p).check(state(5, 1, 1e-300, 1)) == StopCode::kNone);
    CHECK(StopTest(p).check(state(5, 1, 0, 1)) == StopCode::kThreshold);
  }
  SECTION("a peak that stays is 4, but only after a major cycle") {
    StopTest test(p);
    CHECK(test.check(state(0, 0, 5, 5)) == StopCode::kNone);
    CHECK(test.check(state(0, 0, 5, 5)) == StopCode::kNone);
    CHECK(test.check(state(10, 1, 4, 4)) == StopCode::kNone);
    CHECK(test.check(state(20, 2, 4, 4)) == StopCode::kNoChange);
  }
  SECTION("rises of the peak anywhere, over the last and over the least") {
    StopTest test(p);
    CHECK(test.check(state(0, 0, 5, 6)) == StopCode::kNone);
    CHECK(test.check(state(10, 1, 1, 1)) == StopCode::kNone);
    CHECK(test.check(state(20, 2, 1.5, 3)) == StopCode::kNone);
    CHECK(test.check(state(30, 3, 1.6, 4.5)) == StopCode::kRiseOverMin);
    CHECK(test.check(state(30, 3, 1.6, 12.5)) == StopCode::kRise);
    CHECK(is_divergence(StopCode::kRise));
    CHECK_FALSE(is_divergence(StopCode::kNoChange));
  }
  SECTION("the limit of major cycles comes last") {
    p.nmajor = 2;
    StopTest test(p);
    CHECK(test.check(state(0, 0, 5, 5)) == StopCode::kNone);
    CHECK(test.check(state(10, 1, 4, 4)) == StopCode::kNone);
    CHECK(test.check(state(20, 2, 3, 3)) == StopCode::kMajorLimit);
    CHECK(test.check(state(20, 2, 3, 30)) == StopCode::kRise);
    p.nmajor = 0;
    CHECK(StopTest(p).check(state(0, 0, 5, 5)) == StopCode::kMajorLimit);
  }
  CHECK(std::string(stop_text(StopCode::kNsigma)) == "n-sigma threshold");
  CHECK(static_cast<int>(StopCode::kMajorLimit) == 9);
  CHECK(nsigma_threshold(4, 0.5, 0.25, true) == 2.25);
  CHECK(nsigma_threshold(4, 0.5, 0.25, false) == 2.0);
}

TEST_CASE("one call of a minor cycle", "[kernels][clean]") {
  std::vector<std::pair<std::size_t, double>> asked;
  double factor = 0.5;
  double now = 8;
  const auto step = [&](std::size_t n, double threshold) {
    asked.emplace_back(n, threshold);
    now *= factor;
    return PlaneStep{factor == 1 ? 0 : n, now};
  };
  SECTION("a plane below its threshold is left alone") {
    const auto out = run_minor_cycle({100, 8.5, 0}, 8, step);
    CHECK(out.stop == PlaneStop::kThreshold);
    CHECK(out.iterations == 0);
    CHECK(asked.empty());
  }
  SECTION("few iterations are one step") {
    const auto out = run_minor_cycle({100, 1, 0}, 8, step);
    CHECK(out.stop == PlaneStop::kIterations);
    CHECK(out.iterations == 100);
    CHECK(out.peak == 4);
    CHECK(asked == std::vector<std::pair<std::size_t, double>>{{100, 1.0}});
  }
  SECTION("many iterations go in steps of 2000") {
    const auto out = run_minor_cycle({5000, 0.1, 0.2}, 8, step);
    CHECK(out.iterations == 6000);
    CHECK(out.stop == PlaneStop::kIterations);
    CHECK(asked[2] == std::pair<std::size_t, double>{2000, 0.2});
  }
  SECTION("the n-sigma threshold, when it is the higher one") {
    CHECK(run_minor_cycle({9000, 0.1, 2.5}, 8, step).stop == PlaneStop::kNsigma);
    CHECK(now == 2);
    CHECK(run_minor_cycle({9000, 0.7, 0.1}, 2, step).stop == PlaneStop::kThreshold);
  }
  SECTION("a step without effect, and a rise") {
    factor = 1;
    CHECK(run_minor_cycle({9000, 1, 0}, 8, step).stop == PlaneStop::kNoIteration);
    factor = 1.2;
    CHECK(run_minor_cycle({9000, 1, 0}, 8, step).stop == PlaneStop::kRise);
    CHECK(asked.size() == 2);
  }
  CHECK(static_cast<int>(PlaneStop::kNsigma) == 6);
  CHECK(std::string(stop_text(PlaneStop::kRise)) == "peak residual rose");
}

TEST_CASE("masks are combined", "[kernels][clean][mask]") {
  Image user(3, 1);
  user.pixels = {1, 1, 0};
  Image pb(3, 1);
  pb.pixels = {0.2F, 0.9F, 1};
  Image valid(3, 1);
  valid.pixels = {1, 0, 1};
  Image mask(3, 1);
  const auto u = std::as_const(user).view();
  const auto p = std::as_const(pb).view();
  const auto v = std::as_const(valid).view();
  CHECK(make_clean_mask({}, mask.view()) == 3);
  CHECK(make_clean_mask({u, {}, 0, {}}, mask.view()) == 2);
  CHECK(make_clean_mask({{}, p, 0.5, {}}, mask.view()) == 2);
  CHECK(mask.pixels == std::vector<float>{0, 1, 1});
  CHECK(make_clean_mask({u, p, 0.5, {}}, mask.view()) == 1);
  CHECK(mask.pixels == std::vector<float>{0, 1, 0});
  CHECK(make_clean_mask({u, p, 0, {}}, mask.view()) == 2);
  CHECK(make_clean_mask({u, p, 0.5, v}, mask.view()) == 0);
  Image limited = pb;
  CHECK(apply_pblimit(limited.view(), -0.3, mask.view()) == 2);
  CHECK(limited.pixels == std::vector<float>{0, 0.9F, 1});
  CHECK(mask.pixels == std::vector<float>{0, 1, 1});
  CHECK(apply_pblimit(limited.view(), 0.95) == 1);
  const Image other(2, 1);
  CHECK_THROWS_WITH(make_clean_mask({other.view(), {}, 0, {}}, mask.view()),
                    Catch::Contains("user"));
}
