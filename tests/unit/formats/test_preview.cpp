// SPDX-License-Identifier: GPL-3.0-or-later
#include <cairo.h>
#include <stages/formats/preview_png.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>

#include "sample_cube.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

/// A PNG decoded by cairo.
class Picture {
 public:
  explicit Picture(const std::filesystem::path& path)
      : surface_(cairo_image_surface_create_from_png(path.c_str()), cairo_surface_destroy) {
    REQUIRE(cairo_surface_status(surface_.get()) == CAIRO_STATUS_SUCCESS);
  }
  int width() const { return cairo_image_surface_get_width(surface_.get()); }
  int height() const { return cairo_image_surface_get_height(surface_.get()); }
  struct Colour {
    int red, green, blue;
  };
  Colour at(int x, int y) const {
    const unsigned char* row = cairo_image_surface_get_data(surface_.get()) +
                               y * cairo_image_surface_get_stride(surface_.get());
    std::uint32_t value = 0;
    std::memcpy(&value, row + 4 * x, sizeof(value));
    return {static_cast<int>(value >> 16 & 255), static_cast<int>(value >> 8 & 255),
            static_cast<int>(value & 255)};
  }

 private:
  std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)> surface_;
};

struct Spot {
  double x = 0;
  double y = 0;
  int count = 0;
};

/// The centre of all pixels that `is` picks left of the colour bar.
template <class Predicate>
Spot spot(const Picture& picture, Predicate is) {
  Spot found;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width() - 165; ++x) {
      if (!is(picture.at(x, y))) continue;
      found.x += x;
      found.y += y;
      ++found.count;
    }
  }
  found.x /= found.count;
  found.y /= found.count;
  return found;
}

/// The brightest colour of the map is yellow, which nothing else on the sheet is.
bool yellow(const Picture::Colour& c) { return c.red > 200 && c.green > 200 && c.blue < 140; }
bool blank_grey(const Picture::Colour& c) {
  return std::abs(c.red - 184) < 2 && std::abs(c.green - 184) < 2 && std::abs(c.blue - 184) < 2;
}

PreviewInput noise_input() {
  PreviewInput input;
  input.header = sample_header();
  input.header.nx = 200;
  input.header.ny = 200;
  input.product = "image";
  input.unit = "Jy/beam";
  input.chan = 2;
  std::mt19937 random(5);
  for (std::size_t i = 0; i < 200 * 200; ++i) {
    // A flat spread that is the same with every standard library.
    input.pixels.push_back(1e-4F * (static_cast<float>(random() % 1000) / 500.0F - 1));
  }
  return input;
}

/// The pixel nearest to a direction, by the closed form of SIN.
std::size_t pixel_index(const ImageHeader& header, double ra_rad, double dec_rad) {
  const Direction& centre = header.phase_centre;
  const double l = std::cos(dec_rad) * std::sin(ra_rad - centre.ra_rad);
  const double m = std::sin(dec_rad) * std::cos(centre.dec_rad) -
                   std::cos(dec_rad) * std::sin(centre.dec_rad) * std::cos(ra_rad - centre.ra_rad);
  const auto x = static_cast<std::size_t>(100 + std::lround(l / header.cell_x_rad));
  const auto y = static_cast<std::size_t>(100 + std::lround(m / header.cell_y_rad));
  return y * header.nx + x;
}

void put_source(PreviewInput& input, double east_arcsec, double north_arcsec) {
  const Direction& centre = input.header.phase_centre;
  const double dec = centre.dec_rad + north_arcsec * kRadPerArcsec;
  const double ra = centre.ra_rad + east_arcsec * kRadPerArcsec / std::cos(dec);
  const std::size_t middle = pixel_index(input.header, ra, dec);
  for (const std::size_t row : {middle - 200, middle, middle + 200}) {
    for (std::size_t i = row - 1; i <= row + 1; ++i) input.pixels[i] = 0.05F;
  }
}

}  // namespace

TEST_CASE("a source north-east of the centre is drawn up and to the left") {
  const TestFolder folder;
  PreviewInput input = noise_input();
  render_preview(folder / "noise.png", input);
  const Spot panel = spot(Picture(folder / "noise.png"), [](const auto& c) {
    return c.red + c.green + c.blue < 640 && c.blue != c.red;
  });
  const double east = GENERATE(75.0, -75.0);
  const double north = GENERATE(60.0, -60.0);
  put_source(input, east, north);
  render_preview(folder / "source.png", input);
  const Spot source = spot(Picture(folder / "source.png"), yellow);
  REQUIRE(source.count > 20);
  // 200 pixels of 1.5 arcsec fill 740 pixels of the sheet.
  const double scale = 740.0 / 300.0;
  CHECK(std::abs(source.x - (panel.x - east * scale)) < 6);
  CHECK(std::abs(source.y - (panel.y - north * scale)) < 6);
}

TEST_CASE("the beam leans to the east for a positive position angle") {
  const TestFolder folder;
  PreviewInput input = noise_input();
  const double angle_deg = GENERATE(30.0, -30.0, 90.0, 0.0);
  input.beam = Beam{40 * kRadPerArcsec, 12 * kRadPerArcsec, angle_deg * kRadPerDeg};
  render_preview(folder / "beam.png", input);
  const Picture picture(folder / "beam.png");
  const auto inside = [](const auto& c) {
    return std::abs(c.red - 140) < 4 && std::abs(c.green - 153) < 4 && std::abs(c.blue - 173) < 4;
  };
  const Spot centre = spot(picture, inside);
  REQUIRE(centre.count > 500);
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width() - 165; ++x) {
      if (!inside(picture.at(x, y))) continue;
      const double to_east = centre.x - x;
      const double to_north = centre.y - y;
      xx += to_east * to_east;
      yy += to_north * to_north;
      xy += to_east * to_north;
    }
  }
  // The angle of the longest axis from north through east, from second moments.
  const double measured_deg = 0.5 * std::atan2(2 * xy, yy - xx) / kRadPerDeg;
  const double off = std::remainder(measured_deg - angle_deg, 180.0);
  CHECK(std::abs(off) < 1.5);
  CHECK(centre.y > picture.height() * 0.75);
  CHECK(centre.x < picture.width() * 0.4);
}

TEST_CASE("blank pixels are grey, also when all are") {
  const TestFolder folder;
  PreviewInput input = noise_input();
  for (std::size_t y = 150; y < 200; ++y) {
    for (std::size_t x = 0; x < 100; ++x) {
      input.pixels[y * 200 + x] = std::numeric_limits<float>::quiet_NaN();
    }
  }
  render_preview(folder / "part.png", input);
  const Spot part = spot(Picture(folder / "part.png"), blank_grey);
  CHECK(part.count == Approx(0.125 * 740 * 740).epsilon(0.03));
  CHECK(part.y < 300);
  CHECK(part.x < 480);
  input.pixels.assign(input.pixels.size(), std::numeric_limits<float>::quiet_NaN());
  render_preview(folder / "all.png", input);
  CHECK(spot(Picture(folder / "all.png"), blank_grey).count > 0.95 * 740 * 740);
}

TEST_CASE("equal input gives equal bytes, different input different ones") {
  const TestFolder folder;
  PreviewInput input = noise_input();
  for (std::size_t k = 0; k < input.header.nchan; ++k) {
    input.chan_peak.push_back(0.01F * static_cast<float>(k));
    input.chan_rms.push_back(0.001F);
  }
  input.chan_peak[1] = std::numeric_limits<float>::quiet_NaN();
  render_preview(folder / "a.png", input);
  render_preview(folder / "b.png", input);
  CHECK(bytes_of(folder / "a.png") == bytes_of(folder / "b.png"));
  input.chan_peak[3] *= 2;
  render_preview(folder / "b.png", input);
  CHECK(bytes_of(folder / "a.png") != bytes_of(folder / "b.png"));
  // Nothing but the figures is left in the folder.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("strange but legal input is drawn") {
  const TestFolder folder;
  PreviewInput input = noise_input();
  SECTION("constant pixels") { input.pixels.assign(input.pixels.size(), 3.0F); }
  SECTION("zero pixels but one, a model") {
    input.pixels.assign(input.pixels.size(), 0.0F);
    input.pixels[777] = 1;
    input.unit = "Jy/pixel";
  }
  SECTION("the pole") { input.header.phase_centre.dec_rad = kPi / 2; }
  SECTION("a field beyond the hemisphere") {
    input.header.cell_x_rad = -0.02;
    input.header.cell_y_rad = 0.02;
  }
  SECTION("right ascension around zero") { input.header.phase_centre.ra_rad = 0; }
  SECTION("names that are not UTF-8") {
    input.header.object = "bad \xff\xfe name \xc3";
    input.markers = {{input.header.phase_centre.ra_rad, input.header.phase_centre.dec_rad, "\xe9"}};
  }
  SECTION("a long strip") {
    input.header.nx = 4000;
    input.header.ny = 10;
  }
  SECTION("one pixel") {
    input.header.nx = input.header.ny = 1;
    input.pixels = {1};
  }
  SECTION("huge values") { input.pixels[5] = 3e38F; }
  render_preview(folder / "a.png", input);
  const Picture picture(folder / "a.png");
  CHECK(picture.width() > 900);
  CHECK(picture.height() > 800);
}

TEST_CASE("input that contradicts itself is refused") {
  const TestFolder folder;
  PreviewInput input = noise_input();
  SECTION("too few pixels") { input.pixels.pop_back(); }
  SECTION("a spectrum of another length") { input.chan_peak = {1, 2}; }
  SECTION("a channel that is not there") { input.chan = 6; }
  const Thrown thrown = error_of([&] { render_preview(folder / "a.png", input); });
  CHECK(thrown.kind == ErrorKind::description);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a folder that is missing is an error that names the figure") {
  const TestFolder folder;
  const Thrown thrown = error_of([&] { render_preview(folder / "none" / "a.png", noise_input()); });
  CHECK(thrown.kind == ErrorKind::failed);
  CHECK_THAT(thrown.message, Catch::Contains("a.png"));
}
