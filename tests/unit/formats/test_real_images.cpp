// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/formats/fits_cube.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "sample_cube.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

/// Nothing when there are no data; then the test says so.
std::filesystem::path image_folder() {
  const char* data = std::getenv("SKYMILL_TEST_DATA");
  if (data == nullptr || *data == '\0') {
    WARN("SKIPPED: SKYMILL_TEST_DATA is not set");
    return {};
  }
  return std::filesystem::path(data) / "image";
}

}  // namespace

TEST_CASE("real images have the values and coordinates that astropy sees", "[real]") {
  const std::filesystem::path images = image_folder();
  if (images.empty()) return;
  const std::string name = GENERATE("FREQ78_casa_clean.image.fits", "M17_SWex_unit.fits",
                                    "M17_SWex_unittest.fits", "ngc5921.clean.fits");
  INFO(name);
  const TestFolder folder;
  const std::string out = (folder / "astropy").string();
  const std::string command = std::string(SKYMILL_PYTHON " " SKYMILL_ASTROPY_SCRIPT " dump ") +
                              (images / name).string() + " " + out;
  REQUIRE(std::system(command.c_str()) == 0);

  const FitsCubeReader reader(images / name);
  const ImageHeader& header = reader.header();
  const std::string pixels = bytes_of(out + ".pixels");
  const std::size_t plane_bytes = header.nx * header.ny * sizeof(float);
  REQUIRE(pixels.size() == plane_bytes * header.nchan);
  std::vector<float> plane(header.nx * header.ny);
  for (std::size_t k = 0; k < header.nchan; ++k) {
    reader.read_plane(k, plane.data());
    CHECK(std::memcmp(plane.data(), pixels.data() + k * plane_bytes, plane_bytes) == 0);
  }

  std::ifstream numbers(out + ".text");
  double ra_deg = 0;
  double dec_deg = 0;
  REQUIRE((numbers >> ra_deg >> dec_deg));
  const double l = -reader.reference_pixel()[0] * header.cell_x_rad;
  const double m = -reader.reference_pixel()[1] * header.cell_y_rad;
  const double n = std::sqrt(1 - l * l - m * m);
  const Direction& centre = header.phase_centre;
  const double ra =
      centre.ra_rad + std::atan2(l, n * std::cos(centre.dec_rad) - m * std::sin(centre.dec_rad));
  const double dec = std::asin(m * std::cos(centre.dec_rad) + n * std::sin(centre.dec_rad));
  CHECK(std::abs(ra / kRadPerDeg - ra_deg) < 1e-9);
  CHECK(std::abs(dec / kRadPerDeg - dec_deg) < 1e-9);
  for (const double hz : header.chan_freq_hz) {
    double expected_hz = 0;
    REQUIRE((numbers >> expected_hz));
    CHECK(hz == Approx(expected_hz).epsilon(1e-14));
  }
  CHECK(reader.beams().size() == header.nchan);
  CHECK(reader.beams().front().valid());
  CHECK(reader.stokes() == std::vector<std::string>{"I"});
}

TEST_CASE("a real image with another projection is refused by name", "[real]") {
  const std::filesystem::path images = image_folder();
  if (images.empty()) return;
  const Thrown thrown = error_of([&] { FitsCubeReader reader(images / "example_cube.fits"); });
  CHECK(thrown.kind == ErrorKind::input);
  CHECK_THAT(thrown.message, Catch::Contains("RA---ARC"));
}
