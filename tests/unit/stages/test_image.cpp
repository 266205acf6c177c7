// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/image_stage.h>
#include <stages/image/minor_cycle.h>
#include <stages/image/sample_file.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

#include "image_cube.h"
#include "small_observation.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;

SimulateParams observation() {
  SimulateParams params;
  params.antennas = 16;
  params.times = 12;
  params.interval = 600;
  params.nchan = 3;
  params.noise = 0.02;
  params.sources = {"90arcsec 0arcsec 1Jy", "-40arcsec 60arcsec 0.4Jy"};
  return params;
}

ImageParams imaging() {
  ImageParams params;
  params.imsize = {96, 80};
  params.cell = {6 * kArcsec, 6 * kArcsec};
  params.niter = 200;
  params.weighting = "briggs";
  return params;
}

}  // namespace

TEST_CASE("every channel has its sources at their place with their flux") {
  const SmallObservation all = small_observation(observation());
  const Cube cube = image(imaging(), all, 1000);
  REQUIRE(cube.size() == 3);
  for (const auto& [channel, planes] : cube) {
    const auto& restored = planes.products.at(3).pixels();
    const auto peak = std::max_element(restored.begin(), restored.end()) - restored.begin();
    CHECK(*std::max_element(restored.begin(), restored.end()) == Approx(1).epsilon(0.03));
    CHECK(peak % 96 == 48 - 15);  // 90 arcsec to the east is 15 pixels to the left
    CHECK(peak / 96 == 40);
    CHECK(planes.beam.has_value());
    const auto& psf = planes.products.at(0).pixels();
    CHECK(*std::max_element(psf.begin(), psf.end()) == 1);
    CHECK(psf[40 * 96 + 48] == 1);
  }
}

TEST_CASE("the bits are the same for 1, 2 and 8 threads and for any size of chunk") {
  const SmallObservation all = small_observation(observation());
  const Cube one = image(imaging(), all, 100000, 1);
  CHECK(same_bits(one, image(imaging(), all, 100000, 2)));
  CHECK(same_bits(one, image(imaging(), all, 7, 8)));
  CHECK(same_bits(one, image(imaging(), all, 500, 2)));
}

TEST_CASE("without data a channel is blank; one flagged sample changes only its channel") {
  SmallObservation all = small_observation(observation());
  const Cube before = image(imaging(), all, 1000);
  const std::size_t cells = all.rows.nchan * all.rows.ncorr;
  for (std::size_t row = 0; row < all.rows.rows(); ++row) all.rows.flag[row * cells + 2] = 1;
  all.rows.data[4] = {std::numeric_limits<float>::quiet_NaN(), 0};  // row 0, channel 2
  const Cube after = image(imaging(), all, 1000);
  CHECK(after.at(0).products[3].pixels() == before.at(0).products[3].pixels());
  CHECK(after.at(1).blank);
  CHECK_FALSE(after.at(2).blank);
  for (const float pixel : after.at(2).products[3].pixels()) CHECK(std::isfinite(pixel));
}

TEST_CASE("dirty image: nothing in the model, image equals residual; precision changes little") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.niter = 0;
  const Cube single = image(params, all, 1000);
  params.precision = "double";
  const Cube twice = image(params, all, 1000);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(single.at(k).products[1].pixels() == single.at(k).products[3].pixels());
    for (const float pixel : single.at(k).products[2].pixels()) CHECK(pixel == 0);
    for (std::size_t p = 0; p < 96 * 80; ++p) {
      CHECK(std::abs(single.at(k).products[3].pixels()[p] - twice.at(k).products[3].pixels()[p]) <
            2e-6);
    }
  }
}

TEST_CASE("width joins channels into one plane of less noise") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.width = "3";
  const Cube joined = image(params, all, 1000);
  REQUIRE(joined.size() == 1);
  const auto& restored = joined.at(0).products.at(3).pixels();
  CHECK(*std::max_element(restored.begin(), restored.end()) == Approx(1).epsilon(0.02));
}

TEST_CASE("a cube in the frame of the data is that of its channels, linear or nearest") {
  const SmallObservation all = small_observation(observation());
  const Cube channels = image(imaging(), all, 1000);
  ImageParams params = imaging();
  params.specmode = "cube";
  params.outframe = "TOPO";
  CHECK(same_bits(channels, image(params, all, 1000)));
  params.interpolation = "nearest";
  CHECK(same_bits(channels, image(params, all, 1000)));
}

TEST_CASE("a cube in the LSRK has the sources too, the same bits for any threads and chunks") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.specmode = "cube";
  for (const char* interpolation : {"linear", "nearest"}) {
    INFO(interpolation);
    params.interpolation = interpolation;
    const Cube cube = image(params, all, 1000);
    REQUIRE(cube.size() == 3);
    // At the ends interpolation lacks a neighbour at some of the times.
    const auto& restored = cube.at(1).products.at(3).pixels();
    CHECK(*std::max_element(restored.begin(), restored.end()) == Approx(1).epsilon(0.03));
    CHECK(same_bits(cube, image(params, all, 7, 4)));
  }
}

TEST_CASE("the image's centre is where phasecenter puts it") {
  const SmallObservation all = small_observation(observation());
  const Direction field = all.header->fields.front().phase_dir;
  ImageParams params = imaging();
  params.phasecenter = field.frame + " " + std::to_string(field.ra_rad) + "rad " +
                       std::to_string(field.dec_rad) + "rad";
  const Direction here = parse_direction(params.phasecenter);
  CHECK(here.frame == field.frame);
  // The source of 1 Jy, 90 arcsec to the east, comes to the middle.
  const double dec = field.dec_rad;
  std::ostringstream text;
  text.precision(17);
  text << field.frame << " " << field.ra_rad + 90 * kArcsec / std::cos(dec) << "rad " << dec
       << "rad";
  params.phasecenter = text.str();
  const Cube cube = image(params, all, 1000);
  const auto& restored = cube.at(1).products.at(3).pixels();
  const auto peak = std::max_element(restored.begin(), restored.end()) - restored.begin();
  CHECK(peak == 40 * 96 + 48);
  CHECK(restored[static_cast<std::size_t>(peak)] == Approx(1).epsilon(0.03));
  CHECK(same_bits(cube, image(params, all, 7, 4)));
  CHECK_THROWS_WITH(parse_direction("GALACTIC 1deg 2deg"), Catch::Matchers::Contains("GALACTIC"));
  CHECK_THROWS_WITH(parse_direction("ICRS here there"), Catch::Matchers::Contains("here"));
}

TEST_CASE("every weighting finds the source; natural has the least noise, uniform the least beam") {
  const SmallObservation all = small_observation(observation());
  std::map<std::string, double> beam;
  for (const char* weighting :
       {"natural", "uniform", "briggs", "briggsabs", "briggsbwtaper", "superuniform", "radial"}) {
    INFO(weighting);
    ImageParams params = imaging();
    params.weighting = weighting;
    params.niter = 400;
    params.fracbw = 0.5;  // far more than the cube's own, to see the taper
    const Cube cube = image(params, all, 1000);
    const auto& restored = cube.at(1).products.at(3).pixels();
    CHECK(*std::max_element(restored.begin(), restored.end()) == Approx(1).epsilon(0.05));
    beam[weighting] = cube.at(1).beam.value().major_rad * cube.at(1).beam.value().minor_rad;
  }
  CHECK(beam["uniform"] < beam["briggs"]);
  CHECK(beam["briggs"] < beam["briggsbwtaper"]);
  CHECK(beam["briggsbwtaper"] < beam["natural"]);
  CHECK(beam["superuniform"] < 1.02 * beam["uniform"]);
  CHECK(beam["radial"] < beam["briggs"]);
}

TEST_CASE("one density of all planes makes the weights of alike planes alike") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.niter = 0;
  params.width = "3";
  const Cube mfs = image(params, all, 1000);
  params.perchanweightdensity = false;
  params.width = "1";
  const Cube joint = image(params, all, 1000);
  REQUIRE(joint.size() == 3);
  // Planes of the joint density have beams like that of all channels together.
  for (const auto& [channel, planes] : joint) {
    CHECK(planes.beam.value().major_rad == Approx(mfs.at(0).beam.value().major_rad).epsilon(0.05));
  }
  CHECK(same_bits(joint, image(params, all, 7, 4)));
}

TEST_CASE("uvtaper widens the beam along its major axis") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.niter = 0;
  const Beam before = image(params, all, 1000).at(0).beam.value();
  params.uvtaper = {"20arcsec"};
  const Beam round = image(params, all, 1000).at(0).beam.value();
  CHECK(round.minor_rad > 1.02 * before.minor_rad);
  CHECK(round.minor_rad < 1.1 * std::hypot(before.minor_rad, 20 * kArcsec));
  params.uvtaper = {"40arcsec", "0arcsec", "30deg"};
  const Beam slanted = image(params, all, 1000).at(0).beam.value();
  CHECK(slanted.major_rad > 1.1 * before.major_rad);
  CHECK(slanted.pa_rad == Approx(30 * 3600 * kArcsec).epsilon(0).margin(0.2));
}

TEST_CASE("tapers as people write them") {
  CHECK_FALSE(parse_uvtaper({}));
  CHECK(parse_uvtaper({"2klambda"})->factor(2000, 0) == Approx(0.5).epsilon(1e-12));
  CHECK(parse_uvtaper({"2klambda", "1klambda", "90deg"})->factor(2000, 0) ==
        Approx(0.5).epsilon(1e-12));
  CHECK(parse_uvtaper({"2klambda", "1klambda", "90deg"})->factor(0, 1000) ==
        Approx(0.5).epsilon(1e-12));
  CHECK(parse_uvtaper({"1arcsec"})->factor(0, 91018.7) == Approx(0.5).epsilon(1e-6));
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(parse_uvtaper({"1arcsec", "2arcsec"}), Contains("2 values"));
  CHECK_THROWS_WITH(parse_uvtaper({"wide"}), Contains("'wide'"));
  CHECK_THROWS_WITH(parse_uvtaper({"2klambda", "1arcsec", "0deg"}), Contains("no taper"));
  CHECK_THROWS_WITH(parse_uvtaper({"1Jy"}), Contains("no taper"));
  CHECK_THROWS_WITH(parse_uvtaper({"2klambda", "1klambda", "5m"}), Contains("no taper"));
}

TEST_CASE("briggsbwtaper of one plane wants its bandwidth") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.weighting = "briggsbwtaper";
  params.nchan = 1;
  params.niter = 0;
  CHECK_THROWS_WITH(image(params, all, 1000), Catch::Matchers::Contains("fracbw"));
  // Given the bandwidth of the cube, a plane made alone is that plane of the cube.
  params.fracbw = 0.01;
  const Cube alone = image(params, all, 1000);
  params.nchan.reset();
  CHECK(alone.at(0).products[0].pixels() == image(params, all, 1000).at(0).products[0].pixels());
}

TEST_CASE("samples that wait in a file make the same cube") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.specmode = GENERATE(as<std::string>{}, "cubedata", "mfs");
  params.weighting = "uniform";
  params.perchanweightdensity = GENERATE(true, false);
  params.scratch = "memory";
  const Cube held = image(params, all, 1000);
  params.scratch = "none";
  params.scratch_compression = GENERATE(as<std::string>{}, "none", "lz4");
  CHECK(same_bits(held, image(params, all, 7, 2)));
}

TEST_CASE("the least budget that is named makes the same cube, a mebibyte less makes none") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.imsize = {512, 384};
  params.usemask = "auto-multithresh";
  params.convergence = GENERATE(as<std::string>{}, "channel", "cube");
  const Cube ample = image(params, all, 1000);
  for (const int threads : {1, 4}) {
    std::string said;
    try {
      image(params, all, 1000, threads, 1);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::resources);
      said = error.hint();
    }
    INFO(said);
    const auto number = said.find_first_of("0123456789");
    REQUIRE(number != std::string::npos);
    const std::size_t named = std::stoul(said.substr(number)) << 20;
    CHECK(same_bits(ample, image(params, all, 1000, threads, named)));
    CHECK_THROWS_AS(image(params, all, 1000, threads, named - (std::size_t{1} << 20)), Error);
  }
}

TEST_CASE("planes under common control: one alone is the same, several go to one depth") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.niter = 500;
  params.threshold = 0.02;
  params.nchan = 1;
  const Cube alone = image(params, all, 1000);
  params.convergence = "cube";
  CHECK(same_bits(alone, image(params, all, 1000)));
  params.nchan.reset();
  const Cube one = image(params, all, 1000);
  REQUIRE(one.size() == 3);
  CHECK(same_bits(one, image(params, all, 1000, 4)));
  for (const auto& [channel, planes] : one) {
    const auto residual = planes.products.at(1).pixels();
    for (const float pixel : residual) CHECK(std::abs(pixel) < 0.021F);
  }
  params.convergence = "chunk";
  params.cube_chunksize = 1;
  const Cube chunks = image(params, all, 1000);
  params.convergence = "channel";
  CHECK(same_bits(chunks, image(params, all, 1000)));
}

TEST_CASE("a scratch file gives back what was written, and zeros elsewhere") {
  SampleFile file("/dev/shm/skymill-test-samples." + std::to_string(getpid()), {4, 3},
                  SampleCoding::kPlain);
  const std::vector<std::complex<float>> vis{{1, 2}, {3, 4}};
  const std::vector<float> weight{5, 6};
  file.write(1, 1, vis.data(), weight.data(), 2);
  std::vector<std::complex<float>> read_vis(3);
  std::vector<float> read_weight(3);
  file.read(1, read_vis.data(), read_weight.data());
  CHECK(read_vis == std::vector<std::complex<float>>{{0, 0}, {1, 2}, {3, 4}});
  CHECK(read_weight == std::vector<float>{0, 5, 6});
  CHECK(file.bytes_written() == 24);
  CHECK(file.take_bytes_read() == 36);
  file.release(1);
  CHECK_THROWS_WITH(SampleFile("/nowhere/samples", {1}, SampleCoding::kPlain),
                    Catch::Matchers::Contains("/nowhere/samples"));
}

TEST_CASE("fields of different phase centres are not gridded together") {
  const SmallObservation all = small_observation(observation());
  auto two = std::make_shared<ObservationHeader>(*all.header);
  two->fields.push_back(two->fields[0]);
  two->fields[1].name = "ELSEWHERE";
  two->fields[1].phase_dir.ra_rad += 0.01;
  CHECK_THROWS_WITH(
      testing::run_stage<Image>(imaging(), in_chunks(all.rows, 1000), visibility_spec(two),
                                [](const Chunk<ChannelImage>&) {}),
      Catch::Matchers::Contains("ELSEWHERE"));
}

TEST_CASE("a channel that runs away is said to have diverged and keeps its best model") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.weighting = "uniform";
  params.gain = 1;  // far too greedy for this PSF
  params.minpsffraction = params.maxpsffraction = 0;
  params.niter = 20000;
  const Cube cube = image(params, all, 1000);
  for (const auto& [channel, planes] : cube) {
    const auto& restored = planes.products.at(3).pixels();
    CHECK(*std::max_element(restored.begin(), restored.end()) < 1.5F);
    for (const float pixel : restored) CHECK(std::isfinite(pixel));
  }
}

TEST_CASE("minor cycles are shallower where everything is cleaned, unless they are told") {
  ImageParams params;
  CHECK(depths_of_cycles(params).minpsffraction == 0.2);
  params.maxpsffraction = 0.1;
  CHECK(depths_of_cycles(params).minpsffraction == 0.1);
  params.minpsffraction = 0.01;
  CHECK(depths_of_cycles(params).minpsffraction == 0.01);
  params = {};
  params.usemask = "auto-multithresh";
  CHECK(depths_of_cycles(params).minpsffraction == 0.05);
}

TEST_CASE("every deconvolver, with and without a mask, finds the sources") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.niter = 2000;
  params.threshold = 0.02;
  params.deconvolver = GENERATE("hogbom", "clark", "multiscale");
  params.usemask = GENERATE("none", "auto-multithresh");
  if (params.deconvolver == "multiscale") params.scales = {0, 4};
  INFO(params.deconvolver << " " << params.usemask);
  const Cube cube = image(params, all, 1000);
  const bool masked = params.usemask != "none";
  for (const auto& [channel, planes] : cube) {
    REQUIRE(planes.products.size() == (masked ? 7 : 6));  // with sumwt and pb
    const auto& restored = planes.products.at(3).pixels();
    const std::size_t first = 40 * 96 + 48 - 15;
    const std::size_t second = 50 * 96 + 48 + 40 / 6;
    CHECK(restored[first] == Approx(1).epsilon(0.05));
    const auto& model = planes.products.at(2).pixels();
    const auto flux_near = [&](std::size_t pixel) {
      float sum = 0;
      for (std::size_t y = 0; y < 9; ++y) {
        for (std::size_t x = 0; x < 9; ++x) sum += model[pixel + (y - 4) * 96 + x - 4];
      }
      return sum;
    };
    CHECK(flux_near(first) == Approx(1).epsilon(0.06));
    CHECK(flux_near(second) == Approx(0.4).epsilon(0.1));
    if (masked) {
      const auto& mask = planes.products.at(4).pixels();
      CHECK(mask[first] == 1);
      CHECK(mask[second] == 1);
      const auto inside = std::count(mask.begin(), mask.end(), 1.0F);
      CHECK(inside < 96 * 80 / 4);
      CHECK(inside + std::count(mask.begin(), mask.end(), 0.0F) == 96 * 80);
      if (params.deconvolver != "multiscale") {
        for (std::size_t p = 0; p < mask.size(); ++p) CHECK((mask[p] == 1 || model[p] == 0));
      }
    }
  }
}

TEST_CASE("cleaning stops at a multiple of the noise") {
  const SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  params.niter = 100000;
  params.gain = 0.1;
  params.nsigma = 5;
  const Cube cube = image(params, all, 1000);
  for (const auto& [channel, planes] : cube) {
    const auto& residual = planes.products.at(1).pixels();
    std::vector<float> sizes;
    for (const float pixel : residual) sizes.push_back(std::abs(pixel));
    std::sort(sizes.begin(), sizes.end());
    const float noise = 1.4826F * sizes[sizes.size() / 2];
    CHECK(sizes.back() < 5.3F * noise);
    CHECK(sizes.back() > 3.0F * noise);
  }
}
