// SPDX-License-Identifier: GPL-3.0-or-later
// What docs/guide/imaging.md says of data and images that are not as usual, for both gridders.
#include <core/error.h>
#include <stages/image/image_stage.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "image_cube.h"
#include "small_observation.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;
constexpr std::size_t kPsf = 0;
constexpr std::size_t kResidual = 1;
constexpr std::size_t kImage = 3;

/// A source of 1 Jy two pixels to the east and three to the south.
SmallObservation observation() {
  SimulateParams params;
  params.antennas = 16;
  params.radius = 1000;  // no footprint leaves the grid of a tiny image
  params.times = 12;
  params.interval = 600;
  params.nchan = 3;
  params.noise = 0.02;
  params.sources = {"12arcsec -18arcsec 1Jy"};
  return small_observation(params);
}

ImageParams imaging(const std::string& gridder) {
  ImageParams params;
  params.gridder = gridder;
  params.imsize = {48, 40};
  params.cell = {6 * kArcsec, 6 * kArcsec};
  params.niter = 200;
  params.weighting = "briggs";
  return params;
}

/// The same data with a channel of a row flagged, both hands.
void flag(SmallObservation& all, std::size_t row, std::size_t channel) {
  const std::size_t cell = (row * all.rows.nchan + channel) * all.rows.ncorr;
  for (std::size_t hand = 0; hand < all.rows.ncorr; ++hand) all.rows.flag[cell + hand] = 1;
}

bool all_finite(const ChannelImage& planes) {
  for (const Plane& plane : planes.products) {
    const auto& pixels = plane.pixels();
    if (!std::all_of(pixels.begin(), pixels.end(), [](float p) { return std::isfinite(p); })) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a sample that is no number, or has no weight, is as a flagged one") {
  const ImageParams params = imaging(GENERATE("wgridder", "standard"));
  INFO(params.gridder);
  const SmallObservation all = observation();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::size_t cells = all.rows.nchan * all.rows.ncorr;

  SmallObservation flagged = all;
  flag(flagged, 5, 1);
  SmallObservation broken = all;
  for (const std::complex<float> value : {std::complex<float>(nan, 0), {0, infinity}}) {
    broken.rows.data[5 * cells + all.rows.ncorr] = value;
    CHECK(same_bits(image(params, flagged, 1000), image(params, broken, 1000)));
  }

  for (std::size_t channel = 0; channel < 3; ++channel) flag(flagged, 7, channel);
  const Cube expected = image(params, flagged, 1000);
  for (std::size_t hand = 0; hand < 2; ++hand) {
    for (const float weight : {0.0F, -1.0F, nan, infinity}) {
      SmallObservation wrong = broken;
      wrong.rows.weight[7 * all.rows.ncorr + hand] = weight;
      INFO("hand " << hand << " weight " << weight);
      CHECK(same_bits(expected, image(params, wrong, 1000)));
    }
  }
}

TEST_CASE("a baseline that is no number is left out") {
  const ImageParams params = imaging(GENERATE("wgridder", "standard"));
  INFO(params.gridder);
  SmallObservation flagged = observation();
  SmallObservation broken = flagged;
  for (std::size_t channel = 0; channel < 3; ++channel) flag(flagged, 9, channel);
  broken.rows.uvw_m[3 * 9 + 1] = std::numeric_limits<double>::quiet_NaN();
  const Cube expected = image(params, flagged, 1000);
  const Cube found = image(params, broken, 1000);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    CHECK(all_finite(found.at(channel)));
    CHECK(found.at(channel).products[kImage].pixels() ==
          expected.at(channel).products[kImage].pixels());
  }
}

TEST_CASE("a channel without a usable sample is blank and leaves the others as they are") {
  const ImageParams params = imaging(GENERATE("wgridder", "standard"));
  INFO(params.gridder);
  const SmallObservation all = observation();
  const Cube whole = image(params, all, 1000);
  SmallObservation flagged = all;
  for (std::size_t row = 0; row < all.rows.rows(); ++row) flag(flagged, row, 1);
  const Cube cube = image(params, flagged, 1000);
  CHECK(cube.at(1).blank);
  CHECK_FALSE(cube.at(1).beam);
  for (const std::size_t other : {0U, 2U}) {
    CHECK_FALSE(cube.at(other).blank);
    CHECK(cube.at(other).products[kImage].pixels() == whole.at(other).products[kImage].pixels());
  }
  SmallObservation weightless = all;
  std::fill(weightless.rows.weight.begin(), weightless.rows.weight.end(), 0.0F);
  for (const auto& [channel, planes] : image(params, weightless, 1000)) CHECK(planes.blank);
}

TEST_CASE("of antennas with themselves comes a flat image without a beam") {
  ImageParams params = imaging(GENERATE("wgridder", "standard"));
  params.weighting = GENERATE("natural", "uniform", "briggs");
  // All samples in one place: nothing averages what the standard kernel errs at the image's edge.
  const float tolerance = params.gridder == "standard" ? 0.025F : 4e-4F;
  INFO(params.gridder << " " << params.weighting);
  SmallObservation all = observation();
  std::fill(all.rows.uvw_m.begin(), all.rows.uvw_m.end(), 0.0);
  std::fill(all.rows.data.begin(), all.rows.data.end(), std::complex<float>(2, 0));
  const auto farthest = [](const Plane& plane, float value) {
    float worst = 0;
    for (const float pixel : plane.pixels()) worst = std::max(worst, std::abs(pixel - value));
    return worst / value;
  };
  for (const auto& [channel, planes] : image(params, all, 1000)) {
    CHECK_FALSE(planes.blank);
    CHECK_FALSE(planes.beam);
    CHECK(all_finite(planes));
    CHECK(farthest(planes.products[kPsf], 1) < tolerance);
  }
  params.niter = 0;
  for (const auto& [channel, planes] : image(params, all, 1000)) {
    CHECK(farthest(planes.products[kResidual], 2) < tolerance);
  }
}

TEST_CASE("images of any shape have the source on its pixel, and are cut-outs of a larger one") {
  const auto [nx, ny] = GENERATE(table<std::size_t, std::size_t>(
      {{16, 16}, {17, 17}, {16, 200}, {51, 24}, {33, 96}, {96, 33}, {63, 63}}));
  ImageParams params = imaging(GENERATE("wgridder", "standard"));
  INFO(params.gridder << " " << nx << " x " << ny);
  const SmallObservation all = observation();
  params.imsize = {nx, ny};
  const ChannelImage cleaned = image(params, all, 1000).at(1);
  CHECK(all_finite(cleaned));
  CHECK(cleaned.beam);
  CHECK(cleaned.products[kPsf].pixels()[ny / 2 * nx + nx / 2] == 1);
  const auto& restored = cleaned.products[kImage].pixels();
  const auto peak = std::max_element(restored.begin(), restored.end());
  const auto place = static_cast<std::size_t>(peak - restored.begin());
  CHECK(place % nx == nx / 2 - 2);
  CHECK(place / nx == ny / 2 - 3);
  CHECK(*peak == Approx(1).epsilon(0.03));

  params.niter = 0;
  params.weighting = "natural";  // others have a density that depends on the size
  const auto small = image(params, all, 1000).at(1).products[kResidual].pixels();
  params.imsize = {256, 256};
  const auto large = image(params, all, 1000).at(1).products[kResidual].pixels();
  float worst = 0;
  for (std::size_t y = 0; y < ny; ++y) {
    for (std::size_t x = 0; x < nx; ++x) {
      const std::size_t there = (y + 128 - ny / 2) * 256 + x + 128 - nx / 2;
      worst = std::max(worst, std::abs(small[y * nx + x] - large[there]));
    }
  }
  CHECK(worst < (params.gridder == "standard" ? 1.2e-3F : 4e-4F));
}

TEST_CASE("both gridders: the same bits for 1, 2 and 4 threads and chunks of any size") {
  ImageParams params = imaging(GENERATE("wgridder", "standard"));
  params.usemask = GENERATE("none", "auto-multithresh");
  params.nchan = GENERATE(1U, 3U);  // with fewer planes than threads these work inside a plane
  INFO(params.gridder << " " << params.usemask << " " << *params.nchan);
  const SmallObservation all = observation();
  const Cube one = image(params, all, 100000, 1);
  CHECK(same_bits(one, image(params, all, 100000, 2)));
  CHECK(same_bits(one, image(params, all, 100000, 4)));
  CHECK(same_bits(one, image(params, all, 1, 4)));
  CHECK(same_bits(one, image(params, all, 113, 2)));
}
