// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/formats/any_image.h>
#include <stages/formats/fits_cube.h>
#include <stages/geometry/sky_frame.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "model_rows.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kArcsec = std::numbers::pi / 180 / 3600;

struct Pixel {
  std::size_t plane = 0, x = 0, y = 0;
  float flux_jy = 0;
};

std::string write_image(const Scratch& folder, std::size_t planes, const Direction& centre,
                        const std::vector<Pixel>& pixels, const std::string& unit = "Jy/pixel") {
  ImageHeader header;
  header.nx = 40;
  header.ny = 32;
  header.nchan = planes;
  header.cell_x_rad = -20 * kArcsec;
  header.cell_y_rad = 20 * kArcsec;
  header.phase_centre = centre;
  header.chan_width_hz = 6e7;
  for (std::size_t k = 0; k < planes; ++k) {
    header.chan_freq_hz.push_back(1.31e9 + 6e7 * static_cast<double>(k));
  }
  const std::string path = folder.path() + "/model.fits";
  FitsCubeWriter writer(path, header, {"model", unit, false});
  for (std::size_t k = 0; k < planes; ++k) {
    std::vector<float> plane(header.nx * header.ny, 0);
    for (const Pixel& pixel : pixels) {
      if (pixel.plane == k) plane[pixel.y * header.nx + pixel.x] = pixel.flux_jy;
    }
    writer.put_plane(k, plane.data());
  }
  writer.finish();
  return path;
}

/// The place of a pixel as a source.
PlainSource source_of(const Pixel& pixel) {
  return {(static_cast<double>(pixel.x) - 20) * -20 * kArcsec,
          (static_cast<double>(pixel.y) - 16) * 20 * kArcsec, pixel.flux_jy, 0};
}

}  // namespace

TEST_CASE("a model image is the sum of its pixels") {
  const Scratch folder(".", "sky");
  const auto header = model_header();
  const Visibilities rows = model_rows(header);
  const std::vector<Pixel> pixels{{0, 20, 16, 3}, {0, 3, 30, 0.5F}, {0, 39, 1, -0.25F}};
  std::vector<PlainSource> sources;
  for (const Pixel& pixel : pixels) sources.push_back(source_of(pixel));
  ModelParams params;
  params.model = write_image(folder, 1, header->fields[0].phase_dir, pixels);
  ModelVisibilities model = model_of_params(params, header);
  const auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
  double off = 0;
  for (std::size_t row = 0; row < rows.time_s.size(); ++row) {
    const auto& values = model.row(rows, row);
    for (std::size_t c = 0; c < freq_hz.size(); ++c) {
      off = std::max(
          off, std::abs(values[c] - direct_sum(sources, &rows.uvw_m[3 * row], freq_hz[c], 1)));
    }
  }
  CHECK(off < 1e-6 * 3.75);
  SECTION("and adds to sources that are listed") {
    const auto alone = model.row(rows, 5);
    params.sources = {"0arcsec 0arcsec 2Jy"};
    ModelVisibilities both = model_of_params(params, header);
    CHECK(std::abs(both.row(rows, 5)[7] - alone[7] - 2.0) < 1e-9);
  }
}

TEST_CASE("an image centred elsewhere has its sources in the same place of the sky") {
  const Scratch folder(".", "sky");
  const auto header = model_header();
  const Visibilities rows = model_rows(header);
  const Direction& centre = header->fields[0].phase_dir;
  ModelParams params;
  // The pixel in the middle is 60 arcsec to the east; so is three pixels east of the phase centre.
  params.model =
      write_image(folder, 1, offset_direction(centre, 60 * kArcsec, 0), {{0, 20, 16, 3}});
  ModelVisibilities model = model_of_params(params, header);
  const PlainSource expected = source_of({0, 17, 16, 3});
  const auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
  CHECK(std::abs(model.row(rows, 4)[9] - direct_sum({expected}, &rows.uvw_m[12], freq_hz[9], 1)) <
        3e-6);
}

TEST_CASE("each plane of a model image holds around its frequency") {
  const Scratch folder(".", "sky");
  const auto header = model_header(40, 4e6);  // 1.28 to 1.436 GHz
  const Visibilities rows = model_rows(header);
  const std::vector<Pixel> pixels{{0, 20, 16, 3}, {1, 20, 16, 2}, {1, 5, 5, 1}};
  ModelParams params;
  params.model = write_image(folder, 2, header->fields[0].phase_dir, pixels);
  ModelVisibilities model = model_of_params(params, header);
  const auto& values = model.row(rows, 3);
  const auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
  for (std::size_t c = 0; c < freq_hz.size(); ++c) {
    std::vector<PlainSource> sources;  // beyond 1.40 GHz nothing
    if (freq_hz[c] < 1.34e9) {
      sources = {source_of(pixels[0])};
    } else if (freq_hz[c] < 1.40e9) {
      sources = {source_of(pixels[1]), source_of(pixels[2])};
    }
    CHECK(std::abs(values[c] - direct_sum(sources, &rows.uvw_m[9], freq_hz[c], 1)) < 1e-6);
  }
}

TEST_CASE("of many pixels the visibilities come from a transform, to 1e-8 of the sum") {
  const Scratch folder(".", "sky");
  const auto header = model_header(40, 4e6);
  Visibilities rows = model_rows(header);
  for (double& metres : rows.uvw_m) metres *= 0.4;  // so that the pixels of 20 arcsec will do
  std::vector<Pixel> pixels;
  double squares = 0;
  for (std::size_t k = 0; k < 2 * 40 * 32; ++k) {
    const auto flux_jy = static_cast<float>(std::sin(0.37 * static_cast<double>(k * k % 1013)));
    if (k % 3 == 1) continue;
    pixels.push_back({k / (40 * 32), k % 40, k / 40 % 32, flux_jy});
    squares += flux_jy * flux_jy / 2;
  }
  const Direction& centre = header->fields[0].phase_dir;
  ModelParams params;
  params.model = write_image(folder, 2, centre, pixels);
  params.sources = {"100arcsec 0arcsec 2Jy"};
  ModelVisibilities summed = model_of_params(params, header);
  ModelVisibilities model = summed;
  const auto most_off = [&](const Visibilities& of) {
    double off = 0;
    for (std::size_t row = 0; row < 12; ++row) {
      const auto expected = summed.row(rows, row);
      const auto& values = model.row(of, row);
      for (std::size_t c = 0; c < 40; ++c) off = std::max(off, std::abs(values[c] - expected[c]));
    }
    return off / std::sqrt(squares);
  };
  CHECK(most_off(rows) == 0);
  Visibilities prepared = rows;
  REQUIRE(model.prepare(prepared, 1));
  const double off = most_off(prepared);
  CAPTURE(off);
  CHECK(off > 0);
  CHECK(off < 3e-8);
  SECTION("the same for any number of threads") {
    std::vector<std::complex<double>> one = model.row(prepared, 7);
    REQUIRE(model.prepare(prepared, 3));
    CHECK(model.row(prepared, 7) == one);
  }
  SECTION("other rows, and baselines that are too long for the pixels, are summed") {
    CHECK(most_off(rows) == 0);
    Visibilities far = rows;
    far.uvw_m[3] = 1e5;
    CHECK_FALSE(model.prepare(far, 1));
    CHECK(most_off(prepared) == 0);
  }
  SECTION("and so is an image that is centred elsewhere, or seen through a beam") {
    std::filesystem::remove(params.model);
    params.model = write_image(folder, 2, offset_direction(centre, 60 * kArcsec, 0), pixels);
    CHECK_FALSE(model_of_params(params, header).prepare(prepared, 1));
    std::filesystem::remove(params.model);
    params.model = write_image(folder, 2, centre, pixels);
    params.primary_beam = "dish";
    params.pointing_dec = 0.65;
    CHECK_FALSE(model_of_params(params, header).prepare(prepared, 1));
  }
}

TEST_CASE("an image that is no model is refused, and said what to give") {
  const Scratch folder(".", "sky");
  const auto header = model_header();
  Lanes lanes;
  const Direction& centre = header->fields[0].phase_dir;
  const std::string path = write_image(folder, 1, centre, {{0, 1, 1, 1}}, "Jy/beam");
  try {
    read_model_image(path, lanes);
    FAIL("it was read");
  } catch (const Error& error) {
    CHECK_THAT(error.message(), Contains("Jy/beam") && Contains("instead of Jy/pixel"));
    CHECK_THAT(error.hint(), Contains(".model"));
  }
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(read_model_image(write_image(folder, 1, centre, {}), lanes),
                    Contains("zero everywhere"));
}

TEST_CASE("the model of 3C286 that e-MERLIN made is the sum of its 5925 pixels") {
  const char* const data = std::getenv("SKYMILL_TEST_DATA");
  if (data == nullptr) {
    WARN("SKIPPED: SKYMILL_TEST_DATA is not set");
    return;
  }
  const std::string path = std::string(data) + "/image/emerlin_3C286_L.model.tt0";
  Lanes lanes;
  const AnyImage image(path, lanes);
  std::vector<float> pixels;
  image.read(0, 0, pixels);
  const auto header = model_header(3, 1e7);
  header->fields[0].phase_dir = image.header().phase_centre;
  const Visibilities rows = model_rows(header);
  std::vector<PlainSource> sources;
  for (std::size_t k = 0; k < pixels.size(); ++k) {
    if (pixels[k] == 0) continue;
    sources.push_back({(static_cast<double>(k % 256) - 128) * image.header().cell_x_rad,
                       (static_cast<double>(k / 256) - 128) * image.header().cell_y_rad, pixels[k],
                       0});
  }
  CHECK(sources.size() == 5925);
  ModelParams params;
  params.model = path;
  const ModelSky sky = model_sky(params, *header, lanes);
  CHECK(sky.image->total_jy == Approx(14.6099).epsilon(1e-4));
  // The calibrator's flux of the scale, at 1.5 GHz.
  CHECK(sky.image->total_jy == Approx(scale_source("3C286")->flux_jy_at(1.5e9)).epsilon(0.01));
  ModelVisibilities model(sky, params, header);
  for (const std::size_t row : {0, 5, 11}) {
    Visibilities far = rows;  // where the source is resolved
    for (std::size_t axis = 0; axis < 3; ++axis) far.uvw_m[3 * row + axis] *= 40;
    const auto expected =
        direct_sum(sources, &far.uvw_m[3 * row], header->spectral_windows[0].chan_freq_hz[1], 1);
    CHECK(std::abs(model.row(far, row)[1] - expected) < 1e-6 * 14.6);
    // Often enough for a transform.
    Visibilities many = far;
    for (int k = 0; k < 40; ++k) {
      many.uvw_m.insert(many.uvw_m.end(), far.uvw_m.begin(), far.uvw_m.end());
      many.time_s.insert(many.time_s.end(), far.time_s.begin(), far.time_s.end());
      many.field_id.insert(many.field_id.end(), far.field_id.begin(), far.field_id.end());
    }
    REQUIRE(model.prepare(many, 1));
    CHECK(std::abs(model.row(many, row)[1] - expected) < 1e-6 * 14.6);
  }
}
