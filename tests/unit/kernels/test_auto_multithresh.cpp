// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of the automatic mask with results known by hand; compare_auto_multithresh.py judges whole
// masks.
#include <stages/kernels/auto_multithresh.h>
#include <stages/kernels/grow_mask.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/smooth_mask.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "direct_sum.h"

using namespace skymill::kernels;
using oracle::Image;

namespace {

constexpr double kCell = 1e-6;

PixelRuns runs_of(const std::vector<std::string>& rows) {
  PixelRuns runs;
  for (std::size_t y = 0; y < rows.size(); ++y) {
    for (std::size_t x = 0; x < rows[y].size(); ++x) {
      if (rows[y][x] == '#') {
        add_pixel(y, x, runs);
      }
    }
  }
  return runs;
}

std::vector<std::string> rows_of(const PixelRuns& runs, std::size_t ny,
                                 std::size_t nx) {
  std::vector<std::string> rows(ny, std::string(nx, '.'));
  for (const PixelRun& run : runs) {
    for (std::size_t x = run.first; x < run.end; ++x) {
      rows[run.y][x] = '#';
    }
  }
  return rows;
}

AutoMultithreshPlane plane_of(const Image& residual) {
  AutoMultithreshPlane plane;
  plane.residual = residual.view();
  plane.sidelobe_level = 0.1;
  plane.beam = {4 * kCell, 3 * kCell, 0.3};
  plane.cell_x_rad = -kCell;
  plane.cell_y_rad = kCell;
  return plane;
}

}  // namespace

TEST_CASE("runs of a mask and back", "[kernels][mask]") {
  Image mask(130, 3);
  mask(0, 0) = 1;
  mask(0, 1) = 0.6F;
  mask(0, 2) = 0.5F;
  mask(1, 63) = mask(1, 64) = mask(1, 129) = 1;
  mask(2, 0) = 1;
  const auto runs = masked_runs(std::as_const(mask).view(), {3, 130});
  REQUIRE(runs.size() == 4);
  CHECK(count_pixels(runs) == 6);
  CHECK(runs[1].first == 63);
  CHECK(runs[1].end == 65);
  CHECK(runs[2].end == 130);
  CHECK(runs[3].y == 2);
  CHECK(count_pixels(masked_runs({}, {3, 130})) == 390);
}

TEST_CASE("small regions go, and corners do not connect", "[kernels][mask]") {
  const auto runs = runs_of({"##..#...#",  //
                             "..#.#.###",  //
                             "..###.#..",  //
                             "#.....#.#",  //
                             "##....###"});
  const auto kept = without_small_regions(runs, 4);
  CHECK(rows_of(kept, 5, 9) == std::vector<std::string>{"....#...#",  //
                                                        "..#.#.###",  //
                                                        "..###.#..",  //
                                                        "......#.#",  //
                                                        "......###"});
  CHECK(count_pixels(without_small_regions(runs, 3)) == count_pixels(runs) - 2);
  CHECK(count_pixels(without_small_regions(runs, 10)) == 10);
  CHECK(without_small_regions(runs, 11).empty());
  CHECK(without_small_regions({}, 3).empty());
}

TEST_CASE("a pixel smooths to the ellipse where the Gaussian passes the cut", "[kernels][mask]") {
  const GaussianBeam beam{9 * kCell, 4 * kCell, 0.9};
  for (const auto& [cy, cx] : {std::pair<long, long>{20, 25}, {0, 39}}) {
    PixelRuns one{{static_cast<std::size_t>(cy), static_cast<std::size_t>(cx),
                               static_cast<std::size_t>(cx) + 1}};
    const auto rows = rows_of(smooth_and_cut(one, {41, 40}, beam, -kCell, kCell, 0.05), 41, 40);
    for (long y = 0; y < 41; ++y) {
      for (long x = 0; x < 40; ++x) {
        INFO(y << " " << x);
        const double height =
            beam(static_cast<double>(x - cx) * -kCell, static_cast<double>(y - cy) * kCell);
        REQUIRE((rows[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == '#') ==
                (height > 0.05));
      }
    }
  }
  CHECK(smooth_and_cut({}, {5, 5}, beam, -kCell, kCell, 0.05).empty());
  CHECK_THROWS_WITH(smooth_and_cut({}, {5, 5}, {0, 0, 0}, -kCell, kCell, 0.05),
                    Catch::Contains("widths"));
}

TEST_CASE("growing stops at what is not allowed and after its passes", "[kernels][mask]") {
  const std::vector<std::string> allowed{"######.##",  //
                                         "......#.#",  //
                                         "###..####",  //
                                         "#.#......"};
  const auto may = [&](std::size_t y, std::size_t x) { return allowed[y][x] == '#'; };
  const auto seed = runs_of({"#........", "#........", ".........", "........."});
  CHECK(rows_of(grow_mask(seed, {4, 9}, 3, may), 4, 9) ==
        std::vector<std::string>{"####.....", ".........", ".........", "........."});
  // The gap at x = 6 is not passed, nor the seed's own pixel that is not allowed.
  CHECK(rows_of(grow_mask(seed, {4, 9}, 1000, may), 4, 9) ==
        std::vector<std::string>{"######...", ".........", ".........", "........."});
  CHECK(grow_mask({}, {4, 9}, 5, may).empty());
}

TEST_CASE("a source is found and nothing is not; a channel of noise is skipped",
          "[kernels][mask]") {
  Image residual(64, 64);
  std::mt19937 random(2);
  std::normal_distribution<float> noise(0, 1e-3F);
  for (float& p : residual.pixels) {
    p = noise(random);
  }
  PixelRuns mask;
  SECTION("nothing") {
    AutoMultithresh masker({});
    const auto report = masker.update(plane_of(residual), mask);
    CHECK(report.pixels == 0);
    CHECK_FALSE(report.by_sidelobe);
    CHECK(report.rms == Approx(1e-3).epsilon(0.05));
    CHECK(masker.skips());
    residual(10, 10) = 1;
    CHECK(masker.update(plane_of(residual), mask).skipped);
    CHECK(mask.empty());
  }
  SECTION("a source") {
    for (std::size_t y = 29; y < 34; ++y) {
      for (std::size_t x = 40; x < 45; ++x) {
        residual(y, x) += 0.2F;
      }
    }
    AutoMultithresh masker({});
    const auto report = masker.update(plane_of(residual), mask);
    CHECK(report.by_sidelobe);
    CHECK(report.mask_threshold == Approx(3 * 0.1 * report.absmax + report.median).epsilon(1e-12));
    CHECK(RowsOfRuns(mask, 64).contains(31, 42));
    CHECK_FALSE(RowsOfRuns(mask, 64).contains(31, 10));
    CHECK(report.pixels >= 25);
    CHECK_FALSE(masker.skips());
  }
  SECTION("a blank plane") {
    std::fill(residual.pixels.begin(), residual.pixels.end(),
              std::numeric_limits<float>::quiet_NaN());
    AutoMultithresh masker({});
    CHECK(masker.update(plane_of(residual), mask).pixels == 0);
  }
}

TEST_CASE("the automatic mask refuses senseless values", "[kernels][mask]") {
  AutoMultithreshOptions options;
  options.noisethreshold = -1;
  CHECK_THROWS_WITH(AutoMultithresh(options), Catch::Contains("noisethreshold"));
  options = {};
  options.cutthreshold = 1;
  CHECK_THROWS_WITH(AutoMultithresh(options), Catch::Contains("cutthreshold"));
  const Image residual(16, 16);
  PixelRuns mask{{15, 3, 17}};
  CHECK_THROWS_WITH(AutoMultithresh({}).update(plane_of(residual), mask),
                    Catch::Contains("mask") && Catch::Contains("(15, 16)"));
  PixelRuns good;
  AutoMultithreshPlane plane = plane_of(residual);
  plane.beam.minor_rad = 0;
  CHECK_THROWS_AS(AutoMultithresh({}).update(plane, good), std::invalid_argument);
}
