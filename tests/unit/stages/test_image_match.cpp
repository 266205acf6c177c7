// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/formats/fits_cube.h>
#include <stages/image/image_match.h>
#include <stages/ms/casa_image.h>
#include <catch2/catch.hpp>

#include <functional>
#include <numbers>

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kArcsec = std::numbers::pi / 180 / 3600;

ImageHeader cube(std::size_t nchan) {
  ImageHeader header;
  header.nx = 24;
  header.ny = 20;
  header.nchan = nchan;
  header.cell_x_rad = -0.5 * kArcsec;
  header.cell_y_rad = 0.5 * kArcsec;
  header.phase_centre = {2.5, -0.3, "ICRS"};
  for (std::size_t k = 0; k < nchan; ++k) {
    header.chan_freq_hz.push_back(100e9 + 1e6 * static_cast<double>(k));
  }
  header.chan_width_hz = 1e6;
  return header;
}

/// The image of a header in one format, all 1 and one pixel masked.
AnyImage written(const std::string& path, const ImageHeader& header, Lanes& lanes) {
  const std::vector<float> ones(header.nx * header.ny, 1.0F);
  const ProductKind kind{"mask", "", false};
  if (path.ends_with(".fits")) {
    FitsCubeWriter writer(path, header, kind);
    for (std::size_t k = 0; k < header.nchan; ++k) writer.put_plane(k, ones.data());
    writer.finish();
  } else {
    lanes.get("table:" + path)->run([&](const Lane::Token& token) {
      CasaImageWriter writer(token, path, header, kind);
      for (std::size_t k = 0; k < header.nchan; ++k) writer.put_plane(k, ones.data());
      writer.finish(token);
    });
  }
  return AnyImage(path, lanes);
}

}  // namespace

TEST_CASE("an image of the cube's pixels is taken, any other refused with what differs") {
  const Scratch folder(".", "match");
  Lanes lanes;
  const std::string ending = GENERATE(".image", ".fits");
  int count = 0;
  const auto check = [&](const std::function<void(ImageHeader&)>& change, std::size_t nchan) {
    ImageHeader header = cube(nchan);
    change(header);
    const AnyImage given =
        written(folder.path() + "/" + std::to_string(count++) + ending, header, lanes);
    require_same_pixels(given, cube(3), "mask");
    return plane_for(given, 2);
  };
  CHECK(check([](ImageHeader&) {}, 3) == 2);
  CHECK(check([](ImageHeader&) {}, 1) == 0);
  // A hundredth of a pixel does not matter, nor does the name of the telescope.
  CHECK(check([](ImageHeader& h) { h.phase_centre.dec_rad += 0.005 * kArcsec; }, 1) == 0);
  CHECK_THROWS_WITH(check([](ImageHeader& h) { h.nx = 25; }, 1), Catch::Contains("25 x 20"));
  CHECK_THROWS_WITH(check([](ImageHeader& h) { h.cell_y_rad *= 1.02; }, 1),
                    Catch::Contains("510 mas instead of"));
  CHECK_THROWS_WITH(check([](ImageHeader& h) { h.phase_centre.ra_rad += 1 * kArcsec; }, 1),
                    Catch::Contains("phase centre"));
  CHECK_THROWS_WITH(check([](ImageHeader& h) { h.stokes = "V"; }, 1), Catch::Contains("Stokes"));
  CHECK_THROWS_WITH(check([](ImageHeader&) {}, 2), Catch::Contains("2 instead of 3 or 1"));
  CHECK_THROWS_WITH(check(
                        [](ImageHeader& h) {
                          for (double& freq_hz : h.chan_freq_hz) freq_hz += 0.7e6;
                        },
                        3),
                    Catch::Contains("plane 0"));
  CHECK_THROWS_WITH(AnyImage(folder.path() + "/nothing" + ending, lanes),
                    Catch::Contains("there is no image"));
}
