// SPDX-License-Identifier: GPL-3.0-or-later
// What is around the imager: masks, primary beams, models to start from, beams to restore with.
#include <core/error.h>
#include <core/storage.h>
#include <stages/formats/fits_cube.h>
#include <stages/image/image_stage.h>
#include <stages/image/restoring_beams.h>
#include <stages/kernels/beam_difference.h>
#include <stages/kernels/primary_beam.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>

#include "small_observation.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;
constexpr std::size_t kNx = 96, kNy = 80;
constexpr std::size_t kFirst = 40 * kNx + 48 - 15;   // of the source of 1 Jy
constexpr std::size_t kSecond = 50 * kNx + 48 + 10;  // of that of 0.4 Jy

SimulateParams observation() {
  SimulateParams params;
  params.antennas = 16;
  params.times = 12;
  params.interval = 600;
  params.nchan = 3;
  params.noise = 0.02;
  params.sources = {"90arcsec 0arcsec 1Jy", "-60arcsec 60arcsec 0.4Jy"};
  return params;
}

ImageParams imaging() {
  ImageParams params;
  params.imsize = {kNx, kNy};
  params.cell = {6 * kArcsec, 6 * kArcsec};
  params.niter = 1000;
  params.threshold = 0.01;
  params.weighting = "briggs";
  return params;
}

/// The planes of a channel by the names that the stage announces.
struct Channel {
  std::map<std::string, std::vector<float>> planes;
  std::optional<Beam> beam, restored_beam;
};

std::vector<Channel> image(const ImageParams& params, const SmallObservation& all) {
  std::map<std::size_t, Channel> cube;
  testing::run_stage<Image>(params, in_chunks(all.rows, 1000), visibility_spec(all.header),
                            [&](const Chunk<ChannelImage>& chunk) {
                              std::vector<std::string> names{"psf", "residual", "model", "image"};
                              if (params.niter > 0 && cleans_in_mask(params))
                                names.emplace_back("mask");
                              names.emplace_back("sumwt");
                              names.emplace_back("pb");
                              if (params.pbcor) names.emplace_back("image.pbcor");
                              REQUIRE(chunk->products.size() == names.size());
                              Channel channel{{}, chunk->beam, chunk->restored_beam};
                              for (std::size_t k = 0; k < names.size(); ++k) {
                                channel.planes[names[k]] = chunk->products[k].pixels();
                              }
                              cube[chunk.span().at("channel").begin] = std::move(channel);
                            },
                            {2, std::size_t{1} << 28});
  std::vector<Channel> channels;
  for (auto& [number, channel] : cube) channels.push_back(std::move(channel));
  return channels;
}

/// Pixels of the model outside of what `inside` says.
std::size_t outside(const std::vector<float>& model, const std::function<bool(int, int)>& inside) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < model.size(); ++k) {
    const int x = static_cast<int>(k % kNx), y = static_cast<int>(k / kNx);
    if (model[k] != 0 && !inside(x, y)) ++count;
  }
  return count;
}

bool near_first(int x, int y) { return (x - 33) * (x - 33) + (y - 40) * (y - 40) <= 64; }

/// An image of one plane in the pixels of imaging().
void write_image(const std::string& path, const SmallObservation& all, const std::string& unit,
                 const std::vector<float>& pixels) {
  ImageHeader header;
  header.nx = kNx;
  header.ny = kNy;
  header.nchan = 1;
  header.cell_x_rad = -6 * kArcsec;
  header.cell_y_rad = 6 * kArcsec;
  header.phase_centre = all.header->fields.front().phase_dir;
  header.chan_freq_hz = {1e9};
  header.chan_width_hz = 1e6;
  FitsCubeWriter writer(path, header, {"model", unit, false});
  writer.put_plane(0, pixels.data());
  writer.finish();
}

}  // namespace

TEST_CASE("the model stays in the user's mask, of regions, files of them and images") {
  const SmallObservation all = small_observation(observation());
  const Scratch folder(".", "mask");
  ImageParams params = imaging();
  const std::string region = "circle[[33pix, 40pix], 8pix]";
  const std::string file = folder.path() + "/regions.crtf";
  std::ofstream(file) << "#CRTFv0\n\n  " << region << ", color=red\n";
  std::vector<float> pixels(kNx * kNy, 0);
  for (std::size_t k = 0; k < pixels.size(); ++k) {
    if (near_first(static_cast<int>(k % kNx), static_cast<int>(k / kNx))) pixels[k] = 1;
  }
  pixels[3] = std::numeric_limits<float>::quiet_NaN();
  const std::string fits = folder.path() + "/mask.fits";
  write_image(fits, all, "", pixels);
  params.mask = {region};
  const auto by_region = image(params, all);
  for (const Channel& channel : by_region) {
    CHECK(outside(channel.planes.at("model"), near_first) == 0);
    CHECK(channel.planes.at("model")[kFirst] > 0.5);
    // What is not in the mask stays in the residual.
    CHECK(channel.planes.at("residual")[kSecond] == Approx(0.4).epsilon(0.15));
    CHECK(channel.planes.at("mask")[kFirst] == 1);
    CHECK(std::count(channel.planes.at("mask").begin(), channel.planes.at("mask").end(), 1.0F) ==
          std::count(pixels.begin(), pixels.end(), 1.0F));
  }
  for (const std::string& item : {file, fits}) {
    params.mask = {item};
    CHECK(image(params, all)[1].planes == by_region[1].planes);
  }
  params.mask = {fits, "circle[[58pix, 50pix], 5pix]"};
  CHECK(std::abs(image(params, all)[0].planes.at("residual")[kSecond]) < 0.05);
  // An automatic mask stays in it too.
  params.mask = {fits};
  params.usemask = "auto-multithresh";
  const auto automatic = image(params, all);
  CHECK(outside(automatic[0].planes.at("model"), near_first) == 0);
  CHECK(automatic[0].planes.at("model")[kFirst] > 0.5);
}

TEST_CASE("masks that are wrong are refused, an empty one cleans nothing") {
  const SmallObservation all = small_observation(observation());
  const Scratch folder(".", "mask");
  ImageParams params = imaging();
  params.mask = {"circle[[900pix, 40pix], 8pix]"};
  const auto empty = image(params, all);
  CHECK(outside(empty[0].planes.at("model"), [](int, int) { return false; }) == 0);
  CHECK(empty[0].planes.at("image") == empty[0].planes.at("residual"));
  CHECK(empty[0].planes.at("image")[kFirst] == Approx(1).epsilon(0.1));
  params.mask = {folder.path() + "/nothing.image"};
  CHECK_THROWS_WITH(image(params, all), Catch::Contains("nothing.image"));
  params.mask = {folder.path() + "/text"};
  std::ofstream(params.mask[0]) << "hello\n";
  CHECK_THROWS_WITH(image(params, all), Catch::Contains("hello"));
}

TEST_CASE("the primary beam masks, cuts and corrects") {
  SmallObservation all = small_observation(observation());
  // A dish whose beam is at about a half where the brighter source is.
  auto header = std::make_shared<ObservationHeader>(*all.header);
  const double freq_hz = header->spectral_windows[0].chan_freq_hz[0];
  const double arcmin_ghz = 1.5 * freq_hz * 1e-9;
  const double diameter_m = 10.7 * 99.79 / 2 / arcmin_ghz;
  for (Antenna& antenna : header->antennas) antenna.diameter_m = diameter_m;
  all.header = all.rows.header = header;
  const double power = kernels::AiryBeam(kernels::plain_dish(diameter_m)).power(arcmin_ghz);
  REQUIRE(power == Approx(0.5).margin(0.02));

  ImageParams params = imaging();
  params.pbcor = true;
  const auto cube = image(params, all);
  const auto& pb = cube[0].planes.at("pb");
  CHECK(pb[kFirst] == Approx(power).margin(2e-3));
  CHECK(pb[40 * kNx + 48] == 1);
  // The sky that was simulated is the apparent one.
  CHECK(cube[0].planes.at("image.pbcor")[kFirst] == Approx(1 / power).epsilon(0.04));
  CHECK(std::isnan(pb[0]));
  CHECK(std::isnan(cube[0].planes.at("image.pbcor")[0]));
  CHECK_FALSE(std::isnan(cube[0].planes.at("image")[0]));
  params.pblimit = 0.2;
  const auto limited = image(params, all);
  CHECK(std::isnan(limited[0].planes.at("image")[0]));
  CHECK(std::isnan(limited[0].planes.at("residual")[0]));
  CHECK_FALSE(std::isnan(limited[0].planes.at("psf")[0]));
  CHECK(limited[0].planes.at("image")[kFirst] == Approx(1).epsilon(0.04));
  // Cleaning stays where the beam is above a level: the fainter source is further out.
  params = imaging();
  params.usemask = "pb";
  params.pbmask = 0.97 * power;
  const auto masked = image(params, all);
  CHECK(masked[0].planes.at("model")[kFirst] > 0.5);
  const double second_power = pb[kSecond];
  CHECK((second_power > *params.pbmask) == (masked[0].planes.at("mask")[kSecond] == 1));
  CHECK(outside(masked[0].planes.at("model"), [&](int x, int y) {
          return pb[static_cast<std::size_t>(y) * kNx + static_cast<std::size_t>(x)] >
                 *params.pbmask;
        }) == 0);
  // Nobody knows the dish: what needs it says so, and the rest goes on.
  for (Antenna& antenna : header->antennas) antenna.diameter_m = 0;
  CHECK_THROWS_WITH(image(params, all), Catch::Contains("usemask pb") && Catch::Contains("DISH"));
}

TEST_CASE("cleaning goes on from the model that is given") {
  const SmallObservation all = small_observation(observation());
  const Scratch folder(".", "start");
  std::vector<float> truth(kNx * kNy, 0);
  truth[kFirst] = 1;
  truth[kSecond] = 0.4F;
  const std::string path = folder.path() + "/truth.fits";
  write_image(path, all, "Jy/pixel", truth);
  ImageParams params = imaging();
  params.niter = 0;
  const auto dirty = image(params, all);
  params.startmodel = path;
  const auto cube = image(params, all);
  for (std::size_t k = 0; k < cube.size(); ++k) {
    const auto& residual = cube[k].planes.at("residual");
    const auto peak = [](const std::vector<float>& plane) {
      float most = 0;
      for (const float pixel : plane) most = std::max(most, std::abs(pixel));
      return most;
    };
    // 1 Jy and 0.4 Jy are gone; what is left is noise of a few mJy.
    CHECK(peak(dirty[k].planes.at("residual")) > 0.9);
    CHECK(peak(residual) < 0.01);
    CHECK(cube[k].planes.at("model") == truth);
    CHECK(cube[k].planes.at("image")[kFirst] == Approx(1).margin(0.01));
  }
  // A model of half the flux: cleaning finds the rest.
  for (float& pixel : truth) pixel /= 2;
  std::filesystem::remove(path);
  write_image(path, all, "Jy/pixel", truth);
  params.niter = 1000;
  const auto cleaned = image(params, all);
  CHECK(cleaned[0].planes.at("model")[kFirst] > 0.9);
  CHECK(cleaned[0].planes.at("image")[kFirst] == Approx(1).epsilon(0.03));
  std::filesystem::remove(path);
  write_image(path, all, "Jy/beam", truth);
  CHECK_THROWS_WITH(image(params, all), Catch::Contains("Jy/beam instead of Jy/pixel"));
}

TEST_CASE("one beam for all planes: common, without the bad one, or given") {
  SmallObservation all = small_observation(observation());
  ImageParams params = imaging();
  const auto own = image(params, all);
  params.restoringbeam = {"common"};
  const auto holds = [](const Channel& channel) {
    const Beam& a = *channel.restored_beam;
    const Beam& b = *channel.beam;
    return kernels::beam_difference({a.major_rad, a.minor_rad, a.pa_rad},
                                    {b.major_rad, b.minor_rad, b.pa_rad})
        .has_value();
  };
  const auto common = image(params, all);
  for (const Channel& channel : common) {
    CHECK(channel.restored_beam->major_rad == common[0].restored_beam->major_rad);
    CHECK(holds(channel));
    CHECK(channel.beam->major_rad < channel.restored_beam->major_rad * (1 + 1e-9));
    CHECK(channel.planes.at("image")[kFirst] == Approx(1).epsilon(0.04));
  }
  for (std::size_t k = 0; k < own.size(); ++k) {
    // The middle of a PSF has the beam of the whole.
    CHECK(own[k].restored_beam->major_rad == own[k].beam->major_rad);
    CHECK(own[k].planes.at("residual") == common[k].planes.at("residual"));
  }
  CHECK(common[0].restored_beam->major_rad < 1.02 * own[0].beam->major_rad);

  // Half as long baselines in the last channel: its beam is far larger, and is left out.
  const std::size_t cells = all.rows.nchan * all.rows.ncorr;
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    const double u = all.rows.uvw_m[3 * row], v = all.rows.uvw_m[3 * row + 1];
    if (std::hypot(u, v) < 0.35 * all.header->max_uvw_m) continue;
    for (std::size_t c = 0; c < all.rows.ncorr; ++c) {
      all.rows.flag[row * cells + 2 * all.rows.ncorr + c] = 1;
    }
  }
  const auto robust = image(params, all);
  CHECK(robust[2].beam->major_rad > 1.3 * robust[0].beam->major_rad);
  CHECK(robust[0].restored_beam->major_rad < 1.02 * own[0].beam->major_rad);
  CHECK(holds(robust[1]));
  CHECK_FALSE(holds(robust[2]));

  params.restoringbeam = {"60arcsec", "45arcsec", "30deg"};
  const auto given = image(params, all);
  CHECK(given[0].restored_beam->minor_rad == Approx(45 * kArcsec));
  CHECK(given[0].planes.at("image")[kFirst] == Approx(1).epsilon(0.06));
  // As wide as was asked for: 5 pixels to the north of the peak.
  const kernels::GaussianBeam wide{60 * kArcsec, 45 * kArcsec, 30 * 3600 * kArcsec};
  CHECK(given[0].planes.at("image")[kFirst + 5 * kNx] ==
        Approx(wide(0, 30 * kArcsec)).margin(0.06));
  CHECK(given_beam({"5arcsec"})->minor_rad == Approx(5 * kArcsec));
  CHECK_FALSE(given_beam({}));
  CHECK_FALSE(given_beam({"common"}));
  CHECK_THROWS_WITH(given_beam({"5Jy"}), Catch::Contains("5Jy"));
  CHECK_THROWS_WITH(given_beam({"5arcsec", "4arcsec"}), Catch::Contains("2 parts"));
  CHECK_THROWS_WITH(given_beam({"4arcsec", "5arcsec", "0deg"}), Catch::Contains("minor"));
}
