// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/control_group.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

using namespace skymill::radio;
using skymill::kernels::StopCode;

namespace {

/// A plane whose minor cycle takes its peak down to the depth, a tenth of a peak an iteration, as
/// one source does under a perfect PSF.
struct Toy {
  double peak_now = 0;
  double sidelobe = 0.1;
  std::optional<double> mask;
  double grows = 0;  ///< peak of the second look, for a plane that runs away
  std::size_t iterations = 0;
  std::vector<double> depths;
  std::vector<std::size_t> allowed;
  bool put_back = false;
  StopCode code = StopCode::kNone;

  double sidelobe_level() const { return sidelobe; }
  PlaneLook look(double) {
    PlaneLook now;
    now.peak = mask == 0.0 ? 0 : peak_now;
    now.peak_without_mask = peak_now;
    now.mask_sum = mask;
    now.ran_away = grows > 0 && !depths.empty();
    return now;
  }
  std::size_t cycle(double depth, std::size_t most) {
    depths.push_back(depth);
    allowed.push_back(most);
    std::size_t done = 0;
    while (peak_now > depth && done < most && mask != 0.0) {
      peak_now *= 0.9;
      ++done;
    }
    iterations += done;
    if (grows > 0) peak_now = grows;
    return done;
  }
  void back_to_best() { put_back = true; }
  void stop(StopCode given) { code = given; }
};

void run(std::vector<Toy>& toys, const ImageParams& params) {
  std::vector<Toy*> members;
  for (Toy& toy : toys) members.push_back(&toy);
  clean_group(members, params, [](std::size_t n, const std::function<void(std::size_t)>& work) {
    for (std::size_t k = 0; k < n; ++k) work(k);
  });
}

std::vector<std::size_t> sizes(const ImageParams& params, std::size_t planes, std::size_t workers) {
  std::vector<std::size_t> all;
  std::size_t next = 0;
  for (const ControlGroup& group : control_groups(params, planes, workers)) {
    CHECK(group.first == next);
    next = group.end;
    all.push_back(group.end - group.first);
  }
  CHECK(next == planes);
  return all;
}

}  // namespace

TEST_CASE("planes are shared out as imaging.md 7.1 says") {
  ImageParams params;
  CHECK(sizes(params, 4, 2) == std::vector<std::size_t>{1, 1, 1, 1});
  params.convergence = "cube";
  CHECK(sizes(params, 4, 2) == std::vector<std::size_t>{4});
  params.convergence = "chunk";
  CHECK(sizes(params, 7, 3) == std::vector<std::size_t>{3, 2, 2});
  CHECK(sizes(params, 2, 3) == std::vector<std::size_t>{1, 1});
  params.cube_chunksize = 1;
  CHECK(sizes(params, 3, 2) == std::vector<std::size_t>{1, 1, 1});
  params.cube_chunksize = 3;
  CHECK(sizes(params, 10, 2) == std::vector<std::size_t>{3, 3, 2, 2});
  params.nparts = 5;
  CHECK(sizes(params, 117, 2) == std::vector<std::size_t>{24, 24, 23, 23, 23});
}

// By hand, with psf_fraction = clip(1 * 0.2, 0.05, 0.8) = 0.2, the largest sidelobe of all.
// Cycle 1: the largest peak is 10, so all go down to 2: the plane of 10 in 16 iterations to
// 10 * 0.9^16 = 1.853, that of 3 in 4 to 3 * 0.9^4 = 1.968, that of 1 stays.
// Cycle 2: the peak is 1.968, the depth 0.394: 15 iterations (0.3815), 16 (0.3647), 9 (0.3874).
// Cycle 3: depth max(0.3, 0.2 * 0.3874) = 0.3: 3 (0.2781), 2 (0.2954), 3 (0.2824). All are below
// 0.3: stop code 2 after 68 iterations.
TEST_CASE("three channels under common control follow tclean's global rules") {
  ImageParams params;
  params.niter = 1000;
  params.threshold = 0.3;
  std::vector<Toy> toys(3);
  toys[0].peak_now = 10;
  toys[1].peak_now = 3;
  toys[2].peak_now = 1;
  toys[1].sidelobe = 0.2;
  run(toys, params);
  for (const Toy& toy : toys) {
    REQUIRE(toy.depths.size() == 3);
    CHECK(toy.depths[0] == Approx(2).epsilon(1e-12));
    CHECK(toy.depths[1] == Approx(0.2 * 3 * std::pow(0.9, 4)).epsilon(1e-12));
    CHECK(toy.depths[2] == 0.3);
    CHECK(toy.code == StopCode::kThreshold);
  }
  CHECK(toys[0].iterations == 16 + 15 + 3);
  CHECK(toys[1].iterations == 4 + 16 + 2);
  CHECK(toys[2].iterations == 0 + 9 + 3);
  // Each plane of a cycle may use up what is left of niter; sums count.
  CHECK(toys[2].allowed == std::vector<std::size_t>{1000, 980, 940});
  params.niter = 20;
  for (Toy& toy : toys) toy = Toy{};
  toys[0].peak_now = 10;
  toys[1].peak_now = 3;
  toys[1].sidelobe = 0.2;
  run(toys, params);
  CHECK(toys[0].iterations + toys[1].iterations == 20);
  CHECK(toys[2].code == StopCode::kIterations);
}

TEST_CASE("an empty mask, a plane that runs away, and a group of nobody") {
  ImageParams params;
  params.niter = 100;
  params.threshold = 0.3;
  std::vector<Toy> toys(2);
  toys[0].peak_now = toys[1].peak_now = 5;
  toys[0].mask = toys[1].mask = 0;
  run(toys, params);
  CHECK(toys[0].code == StopCode::kEmptyMask);
  CHECK(toys[0].depths.empty());
  // One mask is enough to go on, and its peak is the one that counts.
  toys[1].mask = 7;
  toys[1].peak_now = 2;
  run(toys, params);
  CHECK(toys[1].depths.front() == Approx(0.3));
  CHECK(toys[1].code == StopCode::kThreshold);
  CHECK(toys[0].iterations == 0);
  for (Toy& toy : toys) toy = Toy{};
  toys[0].peak_now = 5;
  toys[0].grows = 100;
  toys[1].peak_now = 5;
  run(toys, params);
  CHECK(toys[0].put_back);
  CHECK(toys[0].code == StopCode::kRiseOverMin);
  CHECK_FALSE(toys[1].put_back);
  CHECK(toys[1].code == StopCode::kThreshold);
  std::vector<Toy> nobody;
  run(nobody, params);
}
