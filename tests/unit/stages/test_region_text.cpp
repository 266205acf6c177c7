// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/region_text.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <numbers>
#include <set>
#include <utility>

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kDeg = std::numbers::pi / 180;

ImageHeader image() {
  ImageHeader header;
  header.nx = 40;
  header.ny = 30;
  header.cell_x_rad = -2 * kDeg / 3600;
  header.cell_y_rad = 1 * kDeg / 3600;
  header.phase_centre = {187.5 * kDeg, 12 * kDeg, "ICRS"};
  return header;
}

using Pixels = std::set<std::pair<int, int>>;

Pixels pixels(const std::vector<std::string>& texts) {
  Pixels found;
  for (const kernels::PixelRun& run : region_runs(texts, image())) {
    for (std::size_t x = run.first; x < run.end; ++x) {
      REQUIRE(found.emplace(static_cast<int>(x), static_cast<int>(run.y)).second);
    }
  }
  return found;
}

Pixels those(const std::function<bool(int, int)>& inside) {
  Pixels found;
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 40; ++x) {
      if (inside(x, y)) found.emplace(x, y);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("regions in pixels hold the pixels whose centre is inside") {
  const auto circle = [](int x, int y) { return (x - 20) * (x - 20) + (y - 12) * (y - 12) <= 25; };
  const auto box = [](int x, int y) { return x >= 3 && x <= 7 && y >= 25 && y <= 28; };
  CHECK(pixels({"circle[[20pix, 12pix], 5pix]"}) == those(circle));
  CHECK(pixels({"circle [ [20pix,12pix],5pix ]"}) == those(circle));
  CHECK(pixels({"box[[3pix,28pix],[7pix,25pix]]"}) == those(box));
  CHECK(pixels({"box[[2.5pix,24.5pix],[7.5pix,28.5pix]]"}) == those(box));
  CHECK(pixels({"centerbox[[5pix,26.5pix],[4pix,3pix]]"}) == those(box));
  CHECK(pixels({"poly[[3pix,25pix],[7pix,25pix],[7pix,28pix],[3pix,28pix]]"}) == those(box));
  CHECK(pixels({"poly[[0pix,0pix],[10.5pix,0pix],[0pix,10.5pix]]"}) ==
        those([](int x, int y) { return x + y <= 10; }));
  // Several, which overlap, and what leaves the image.
  CHECK(pixels({"circle[[20pix,12pix],5pix]", "box[[3pix,28pix],[7pix,25pix]]",
                "box[[18pix,0pix],[19pix,29pix]]"}) ==
        those([&](int x, int y) { return circle(x, y) || box(x, y) || x == 18 || x == 19; }));
  CHECK(pixels({"box[[-5pix,-9pix],[1pix,900pix]]"}) == those([](int x, int) { return x <= 1; }));
  CHECK(pixels({"circle[[200pix,12pix],5pix]"}).empty());
}

TEST_CASE("regions on the sky are those pixels") {
  // 20 pixels of 2 arcsec to the west at declination 12 degrees, in the middle of the height.
  const auto ellipse = [](int x, int y) {
    return 4 * (x - 20) * (x - 20) + (y - 15) * (y - 15) <= 36;
  };
  CHECK(pixels({"circle[[12h30m00s, 12d00m00s], 6arcsec]"}) == those(ellipse));
  CHECK(
      pixels({"circle[[12:30:00, 12.00.00.0], 0.1arcmin], coord=ICRS, color=red, label=\"a b\""}) ==
      those(ellipse));
  // J2000 is some hundredths of an arcsecond away, so no centre may lie on the edge.
  CHECK(pixels({"circle[[187.5deg, 12deg], 6.2arcsec], coord=J2000"}) ==
        those([](int x, int y) { return 4 * (x - 20) * (x - 20) + (y - 15) * (y - 15) <= 38; }));
  // One degree of right ascension is cos(dec) degrees: 14 arcsec to the west are 7 pixels right.
  const double ra_deg = 187.5 - 14 / std::cos(12 * kDeg) / 3600;
  CHECK(pixels(
            {"box[[" + std::to_string(ra_deg - 1e-5) + "deg, +12.00.05], [187.5deg, 11.59.57]]"}) ==
        those([](int x, int y) { return x >= 20 && x <= 27 && y >= 12 && y <= 20; }));
}

TEST_CASE("regions that were cut at their commas are whole again") {
  using Items = std::vector<std::string>;
  CHECK(whole_items({"circle[[20pix", "12pix]", "5pix]", "coord=J2000", "a.mask",
                     "box[[1pix,2pix],[3pix,4pix]]", "b.fits"}) ==
        Items{"circle[[20pix, 12pix], 5pix], coord=J2000", "a.mask", "box[[1pix,2pix],[3pix,4pix]]",
              "b.fits"});
  CHECK(whole_items({"a=b.mask", "c.mask"}) == Items{"a=b.mask", "c.mask"});
}

TEST_CASE("what is no region is refused with its text") {
  CHECK(is_region_text("circle[[1pix,1pix],2pix]"));
  CHECK(is_region_text("blob[1]"));
  CHECK_FALSE(is_region_text("my.mask"));
  CHECK_FALSE(is_region_text("/data/[old]/a.fits"));
  const auto refused = [](const std::string& text, const std::string& why) {
    INFO(text);
    CHECK_THROWS_WITH(region_runs({text}, image()), Catch::Contains(text) && Catch::Contains(why));
  };
  refused("blob[[1pix,1pix],2pix]", "blob");
  refused("circle[[1pix,1pix]]", "1 parts instead of 2");
  refused("circle[[1pix,1pix],2pix", "] is missing");
  refused("circle[[1pix,12deg],2pix]", "in pix");
  refused("circle[[1pix,1pix],2Jy]", "Jy");
  refused("circle[[1pix,1pix],-2pix]", "negative");
  refused("circle[[12h30m, 12:00:00],2arcsec]", "12d23m28s");
  refused("circle[[187.5deg,12deg],2arcsec], coord=GALACTIC", "coord");
  refused("circle[[1pix,1pix],2pix], range=[1chan,3chan]", "range");
  refused("circle[[7.5deg,-12deg],2arcsec]", "other side");
  refused("poly[[1pix,1pix],[2pix,2pix]]", "three");
}
