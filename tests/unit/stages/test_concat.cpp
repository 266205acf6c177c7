// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/compare/image_comparison.h>
#include <stages/concat/concat_stage.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <core/testing.h>

namespace fs = std::filesystem;
using namespace skymill;
using namespace skymill::radio;

namespace {

std::shared_ptr<CubeHeader> header_of(std::size_t nchan) {
  auto header = std::make_shared<CubeHeader>();
  ImageHeader& image = header->image;
  image.nx = 12;
  image.ny = 10;
  image.nchan = nchan;
  image.cell_x_rad = -1e-5;
  image.cell_y_rad = 1e-5;
  image.phase_centre = {1, 0.5, "J2000"};
  for (std::size_t k = 0; k < nchan; ++k) {
    image.chan_freq_hz.push_back(1.4e9 + 1e6 * static_cast<double>(k));
  }
  image.chan_width_hz = 1e6;
  image.telescope = "TEST";
  image.object = "NOWHERE";
  header->products = {{"psf", "", true},
                      {"residual", "Jy/beam", true},
                      {"model", "Jy/pixel", false},
                      {"image", "Jy/beam", true}};
  return header;
}

Chunk<ChannelImage> channel(std::size_t number, bool blank = false) {
  ChannelImage image;
  for (int product = 0; product < 4; ++product) {
    std::vector<float> pixels;
    for (std::size_t p = 0; p < 120; ++p) {
      pixels.push_back(static_cast<float>(1000 * product) + static_cast<float>(number) +
                       static_cast<float>(p) / 128);
    }
    image.products.emplace_back(std::move(pixels), header_of(1)->image.nx);
  }
  image.beam = Beam{4e-5, 3e-5, 0.3 + 0.1 * static_cast<double>(number)};
  image.blank = blank;
  return Chunk<ChannelImage>(std::move(image), Span("channel", number, number + 1));
}

void concat(ConcatParams params, std::shared_ptr<CubeHeader> header,
            std::vector<Chunk<ChannelImage>> channels, int threads = 1) {
  PortSpec spec;
  spec.axes = {"channel", "y", "x"};
  spec.set_header<CubeHeader>(std::move(header));
  testing::run_sink<Concat>(std::move(params), std::move(channels), spec, {threads});
}

void concat(const std::string& output, std::vector<Chunk<ChannelImage>> channels, std::size_t nchan,
            bool overwrite = false) {
  ConcatParams params;
  params.output = output;
  params.overwrite = overwrite;
  concat(params, header_of(nchan), std::move(channels));
}

template <class... Channels>
std::vector<Chunk<ChannelImage>> list(Channels... channels) {
  std::vector<Chunk<ChannelImage>> all;
  (all.push_back(std::move(channels)), ...);
  return all;
}

std::vector<std::string> differences(const std::string& a, const std::string& b) {
  return image_comparison().differences(a, b, testing::make_context());
}

}  // namespace

TEST_CASE("planes land in their place whatever their order; CASA image and FITS say the same") {
  const Scratch scratch("/tmp", "test");
  const std::string a = scratch.path() + "/a", b = scratch.path() + "/b";
  concat(a, list(channel(0), channel(1), channel(2)), 3);
  concat(b, list(channel(2), channel(0), channel(1)), 3);
  for (const char* product : {".image", ".residual", ".psf", ".model", ".image.fits"}) {
    CHECK(differences(a + product, b + product).empty());
  }
  CHECK(differences(a + ".image", a + ".image.fits").empty());
  FitsCubeReader reader(a + ".residual.fits");
  std::vector<float> pixels(120);
  reader.read_plane(2, pixels.data());
  CHECK(pixels[5] == 1000 + 2 + 5.0F / 128);
  CHECK(reader.beams().at(1).pa_rad == Approx(0.4));
}

TEST_CASE("a blank or missing channel is masked, never silently zero") {
  const Scratch scratch("/tmp", "test");
  const std::string a = scratch.path() + "/a";
  concat(a, list(channel(0), channel(1, true)), 3);
  FitsCubeReader reader(a + ".image.fits");
  std::vector<float> pixels(120);
  for (const std::size_t chan : {1, 2}) {
    reader.read_plane(chan, pixels.data());
    for (const float pixel : pixels) CHECK(std::isnan(pixel));
  }
  CHECK(differences(a + ".image", a + ".image.fits").empty());
  CHECK_THROWS_WITH(concat(scratch.path() + "/none", list(channel(0, true)), 1),
                    Catch::Matchers::Contains("no channel has usable data"));
  CHECK_FALSE(fs::exists(scratch.path() + "/none.image"));
}

TEST_CASE("several threads write the same cubes as one") {
  const Scratch scratch("/tmp", "test");
  ConcatParams one, four;
  one.output = scratch.path() + "/one";
  four.output = scratch.path() + "/four";
  const auto channels = [] {
    std::vector<Chunk<ChannelImage>> all;
    for (std::size_t k = 0; k < 40; ++k) all.push_back(channel(k, k % 7 == 3));
    return all;
  };
  concat(one, header_of(40), channels(), 1);
  concat(four, header_of(40), channels(), 4);
  for (const char* product :
       {".image", ".residual", ".psf", ".model", ".image.fits", ".residual.fits"}) {
    CHECK(differences(one.output + product, four.output + product).empty());
  }
}

TEST_CASE("all products are taken as they come; one has a pixel a channel") {
  const Scratch scratch("/tmp", "test");
  auto header = header_of(2);
  header->products.push_back({"sumwt", "", false, true});
  header->products.push_back({"pb", "", false});
  std::vector<Chunk<ChannelImage>> channels = list(channel(0), channel(1));
  for (auto& chunk : channels) {
    const auto number = static_cast<float>(chunk.span().at("channel").begin);
    chunk->products.emplace_back(std::vector<float>{100 + number}, 1);
    chunk->products.emplace_back(std::vector<float>(120, 0.5F), 12);
  }
  ConcatParams params;
  params.output = scratch.path() + "/a";
  params.casa = {"pb", "all"};
  params.fits = {"all"};
  concat(params, header, std::move(channels));
  for (const char* product : {".psf", ".residual", ".model", ".image", ".sumwt", ".pb"}) {
    const std::string path = params.output + product;
    CHECK(differences(path, path + ".fits") == std::vector<std::string>());
  }
  const FitsCubeReader reader(params.output + ".sumwt.fits");
  CHECK(reader.header().nx == 1);
  CHECK(reader.header().ny == 1);
  float sum = 0;
  reader.read_plane(1, &sum);
  CHECK(sum == 101);
}

TEST_CASE("a plane of another size than the header says is refused, and no cube stays") {
  const Scratch scratch("/tmp", "test");
  auto odd = channel(1);
  odd->products[2] = Plane(std::vector<float>(110), 11);
  CHECK_THROWS_WITH(concat(scratch.path() + "/a", list(channel(0), std::move(odd)), 2),
                    Catch::Matchers::Contains("'model' of channel 1 has 11 x 10 pixels, not 12"));
  CHECK(fs::is_empty(scratch.path()));
}

TEST_CASE("while cubes grow it can be seen which planes are there") {
  const Scratch scratch("/tmp", "test");
  const std::string a = scratch.path() + "/a";
  std::string states;
  std::vector<float> first(120);
  auto looking = channel(3);
  const std::vector<float> model = looking->products[2].pixels();
  looking->products[2] = Plane(
      [&](std::size_t row, std::size_t rows, float* out) {
        std::ifstream file(a + ".planes.partial");
        std::getline(file, states);
        const FitsCubeReader growing(a + ".image.fits.partial");
        growing.read_plane(0, first.data());
        std::copy_n(model.data() + row * 12, rows * 12, out);
      },
      12, 10, 0);
  concat(a, list(channel(0), channel(1, true), std::move(looking)), 4);
  CHECK(states == "+-..");
  CHECK(first == channel(0)->products[3].pixels());
  CHECK_FALSE(fs::exists(a + ".planes.partial"));
}

TEST_CASE("differences are found and named: pixels, masks, beams, shape") {
  const Scratch scratch("/tmp", "test");
  const std::string a = scratch.path() + "/a", b = scratch.path() + "/b", c = scratch.path() + "/c";
  concat(a, list(channel(0), channel(1)), 2);
  auto other = channel(1);
  std::vector<float> pixels = other->products[3].pixels();
  pixels[7] += 0.5F;
  other->products[3] = Plane(std::move(pixels), other->products[3].nx());
  other->beam->major_rad *= 1.01;
  concat(b, list(channel(0), std::move(other)), 2);
  const auto found = differences(a + ".image", b + ".image");
  REQUIRE(found.size() == 2);
  CHECK_THAT(found[0], Catch::Matchers::Contains("major axis of the beam of channel 1"));
  CHECK_THAT(found[1], Catch::Matchers::Contains("1 of 120 pixels differ, by up to 0.5"));
  concat(c, list(channel(0)), 2);
  CHECK_THAT(differences(a + ".image", c + ".image").back(),
             Catch::Matchers::Contains("masked in one only"));
}

TEST_CASE("cubes that exist are kept, or replaced whole") {
  const Scratch scratch("/tmp", "test");
  const std::string a = scratch.path() + "/a";
  concat(a, list(channel(0)), 1);
  // What stands as it would be made is not made again; what somebody has changed is kept.
  const auto before = fs::last_write_time(a + ".image.fits");
  concat(a, list(channel(0)), 1);
  CHECK(fs::last_write_time(a + ".image.fits") == before);
  fs::last_write_time(a + ".image.fits", before + std::chrono::seconds(1));
  CHECK_THROWS_WITH(concat(a, list(channel(0)), 1), Catch::Matchers::Contains("exists already"));
  CHECK_NOTHROW(concat(a, list(channel(0)), 1, true));
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    CHECK(entry.path().string().find(".partial") == std::string::npos);
  }
}
