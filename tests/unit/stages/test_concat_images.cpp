// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/concat/concat_images_stage.h>
#include <stages/concat/moved_folder.h>
#include <stages/ms/image_concat.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <core/testing.h>

namespace fs = std::filesystem;
using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr std::size_t kNx = 12, kNy = 10;

ImagePart part(const std::string& path, double first_hz, std::size_t nchan = 1,
               double width_hz = 1e6) {
  ImagePart made;
  made.path = path;
  made.header.nx = kNx;
  made.header.ny = kNy;
  made.header.nchan = nchan;
  made.header.cell_x_rad = -1e-5;
  made.header.cell_y_rad = 1e-5;
  made.header.phase_centre = {1, 0.5, "J2000"};
  for (std::size_t k = 0; k < nchan; ++k) {
    made.header.chan_freq_hz.push_back(first_hz + width_hz * static_cast<double>(k));
  }
  made.header.chan_width_hz = width_hz;
  made.header.telescope = "TEST";
  made.reference_pixel = {kNx / 2.0, kNy / 2.0};
  made.projection = "SIN";
  made.unit = "Jy/beam";
  made.stokes = {"I"};
  made.beams.assign(nchan, Beam{4e-5, 3e-5, 0.3});
  made.spectral_axis = 3;
  return made;
}

std::string refusal(std::vector<ImagePart> parts, JoinRules rules = {}) {
  try {
    join_parts(parts, rules);
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

/// A folder with images of one channel each, sub.0.image, sub.1.image, …, of which pixel p of
/// channel k is 1000 k + p.
class Parts {
 public:
  explicit Parts(const std::string& name)
      : folder_(fs::temp_directory_path() / ("skymill-test-concat-images-" + name)) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Parts() { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void make(std::size_t number, const std::string& extension = "image", double cell = 1e-5,
            const std::string& unit = "Jy/beam") {
    auto lane = ctx.lanes().get("make");
    lane->run([&](const Lane::Token& token) {
      ImageHeader header = part("", 1.4e9 + 1e6 * static_cast<double>(number)).header;
      header.cell_y_rad = cell;
      header.history = {"task = test", "channel = " + std::to_string(number)};
      const std::string name = path("sub." + std::to_string(number) + "." + extension);
      CasaImageWriter writer(token, name, header, {extension, unit, true});
      std::vector<float> pixels(kNx * kNy);
      for (std::size_t p = 0; p < pixels.size(); ++p) {
        pixels[p] = static_cast<float>(1000 * number + p);
      }
      writer.put_plane(0, pixels.data(), Beam{4e-5, 3e-5, 0.1 * static_cast<double>(number)});
      writer.finish(token);
    });
  }

  void join(ConcatImagesParams params) {
    if (params.inputs.empty()) params.inputs = {path("sub.*.image")};
    if (params.output.empty()) params.output = path("cube");
    ConcatImages stage(params);
    Planning planning(ctx, "concat_images");
    stage.plan(planning);
    stage.execute(ctx, "");
  }

  std::string refused(ConcatImagesParams params) {
    try {
      join(std::move(params));
    } catch (const Error& error) {
      return error.message();
    }
    return {};
  }

  /// Names in the folder, sorted; locks and drafts too.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      found.push_back(entry.path().filename().string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  PipelineContext ctx = testing::make_context();

 private:
  fs::path folder_;
};

ConcatImagesParams with_mode(const std::string& mode, bool keep = true) {
  ConcatImagesParams params;
  params.mode = mode;
  params.keep_subcubes = keep;
  return params;
}

void check_cube(Parts& parts, const std::string& name, std::size_t nchan) {
  auto lane = parts.ctx.lanes().get("check");
  lane->run([&](const Lane::Token& token) {
    CasaImageReader cube(token, parts.path(name));
    REQUIRE(cube.header().nchan == nchan);
    CHECK(cube.unit() == "Jy/beam");
    CHECK_FALSE(cube.has_mask());
    CHECK(cube.header().telescope == "TEST");
    CHECK(cube.header().history.size() == nchan + 2);  // one line is common, one tells of joining
    REQUIRE(cube.beams().size() == nchan);
    std::vector<float> pixels(kNx * kNy);
    for (std::size_t k = 0; k < nchan; ++k) {
      CHECK(cube.header().chan_freq_hz[k] == 1.4e9 + 1e6 * static_cast<double>(k));
      CHECK(cube.beams()[k].pa_rad == Approx(0.1 * static_cast<double>(k)));
      cube.read_plane(token, k, pixels.data());
      CHECK(pixels[0] == static_cast<float>(1000 * k));
      CHECK(pixels[kNx * kNy - 1] == static_cast<float>(1000 * k + kNx * kNy - 1));
    }
  });
}

}  // namespace

TEST_CASE("numbers in names are compared as numbers") {
  CHECK(before_by_number("sub.2.image", "sub.10.image"));
  CHECK_FALSE(before_by_number("sub.10.image", "sub.2.image"));
  CHECK(before_by_number("sub.009", "sub.10"));
  CHECK(before_by_number("a1b2", "a1b10"));
  CHECK(before_by_number("a", "a1"));
  CHECK_FALSE(before_by_number("same.1", "same.1"));
}

TEST_CASE("parts that follow each other exactly join, whatever their number of channels") {
  std::vector<ImagePart> parts{part("a", 1.4e9, 3), part("b", 1.403e9), part("c", 1.404e9, 2)};
  const JoinedCube cube = join_parts(parts, {});
  REQUIRE(cube.header.nchan == 6);
  for (std::size_t k = 0; k < 6; ++k) {
    CHECK(cube.header.chan_freq_hz[k] == 1.4e9 + 1e6 * static_cast<double>(k));
  }
  CHECK(cube.beams.size() == 6);
  CHECK(cube.warnings.empty());
}

TEST_CASE("reorder sorts by frequency, in the direction of the channels") {
  std::vector<ImagePart> rising{part("b", 1.401e9), part("a", 1.4e9)};
  CHECK(refusal(rising).find("'a' comes after 'b' in the list but before it in frequency") == 0);
  join_parts(rising, {false, true});
  CHECK(rising.front().path == "a");
  std::vector<ImagePart> falling{part("a", 1.4e9, 1, -1e6), part("b", 1.401e9, 1, -1e6)};
  join_parts(falling, {false, true});
  CHECK(falling.front().path == "b");
}

TEST_CASE("a gap, an overlap and half a channel are named with both images") {
  const std::string gap = refusal({part("a", 1.4e9), part("b", 1.403e9)});
  CHECK(gap.find("there is a gap of 2 channels (2 MHz) between 'a'") == 0);
  CHECK(gap.find("'b', whose first is at 1403.000000000 MHz") != std::string::npos);
  const std::string overlap = refusal({part("a", 1.4e9, 3), part("b", 1.401e9, 3)});
  CHECK(overlap.find("there is an overlap of 2 channels (2 MHz) between 'a'") == 0);
  const std::string same = refusal({part("a", 1.4e9), part("b", 1.4e9)});
  CHECK(same.find("there is an overlap of 1 channel (1 MHz) between 'a'") == 0);
  // Within casacore's hundredth of a channel, but not on the axis.
  const std::string off = refusal({part("a", 1.4e9), part("b", 1.401e9 + 5e3)});
  CHECK(off.find("there is a gap of 0.005 channels (5 kHz) between 'a'") == 0);
  CHECK(refusal({part("a", 1.4e9), part("b", 1.401e9 + 0.5)}).empty());  // half a millionth
}

TEST_CASE("relax lets gaps and unequal coordinates pass with a warning each, overlaps never") {
  std::vector<ImagePart> parts{part("a", 1.4e9), part("b", 1.403e9)};
  parts[1].header.cell_x_rad = -2e-5;
  parts[1].unit = "K";
  parts[1].beams.clear();
  CHECK(refusal(parts).find("cells in x") != std::string::npos);
  const JoinedCube cube = join_parts(parts, {true, false});
  CHECK(cube.warnings.size() == 4);
  CHECK(cube.unit == "Jy/beam");
  CHECK(cube.beams.empty());
  CHECK(cube.header.chan_freq_hz == std::vector<double>{1.4e9, 1.403e9});
  CHECK_FALSE(refusal({part("a", 1.4e9, 2), part("b", 1.401e9)}, {true, false}).empty());
  parts[1].header.nx = 13;
  CHECK(refusal(parts, {true, false}).find("shape") != std::string::npos);
}

TEST_CASE("paged copies planes, beams and history; the inputs stay unless they are let go") {
  Parts parts("paged");
  for (std::size_t k = 0; k < 11; ++k) parts.make(k);  // sub.10 comes last
  parts.join(with_mode("paged"));
  check_cube(parts, "cube", 11);
  CHECK(parts.names().size() == 12);
  ConcatImagesParams again = with_mode("auto", false);
  again.output = parts.path("second");
  parts.join(again);
  check_cube(parts, "second", 11);
  CHECK(parts.names() == std::vector<std::string>{"cube", "second"});
}

TEST_CASE("virtual refers to the inputs in casacore's own words") {
  Parts parts("virtual");
  for (std::size_t k = 0; k < 2; ++k) parts.make(k);
  parts.join(with_mode("auto"));
  std::ifstream file(parts.path("cube/imageconcat.json"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  CHECK(text ==
        "{\n   \"Version\": 1\n  ,\"DataType\": \"float\"\n  ,\"Axis\": 3\n  ,\"TempClose\": "
        "true\n  ,\"Images\": [\"./sub.0.image\",\n              \"./sub.1.image\"]\n  ,"
        "\"MiscInfo\": {\n  }\n}\n");
  CHECK(parts.names() == std::vector<std::string>{"cube", "sub.0.image", "sub.1.image"});
}

TEST_CASE("movevirtual takes the inputs into the cube's folder") {
  Parts parts("moved");
  for (std::size_t k = 0; k < 3; ++k) parts.make(k);
  parts.join(with_mode("movevirtual"));
  CHECK(parts.names() == std::vector<std::string>{"cube"});
  CHECK(fs::is_directory(parts.path("cube/sub.2.image/logtable")));
  CHECK(read_image_concat(parts.path("cube"), parts.path("cube")).images ==
        std::vector<std::string>{parts.path("cube/sub.0.image"), parts.path("cube/sub.1.image"),
                                 parts.path("cube/sub.2.image")});
}

TEST_CASE("a move that was ended anywhere is finished by the next run, and nothing else") {
  const bool overwrite = GENERATE(false, true);
  Parts parts("ended");
  for (std::size_t k = 0; k < 4; ++k) parts.make(k);
  parts.join(with_mode("virtual"));
  const auto outside = [&](std::size_t k) {
    return parts.path("sub." + std::to_string(k) + ".image");
  };
  const auto inside = [&](std::size_t k) {
    return parts.path("cube/sub." + std::to_string(k) + ".image");
  };
  const auto list_inside = [&] {
    write_image_concat(parts.path("cube"), parts.path("cube"),
                       {inside(0), inside(1), inside(2), inside(3)}, 3);
  };
  SECTION("some links are there") { lead_to_folder(outside(0), inside(0)); }
  SECTION("all links are there") {
    for (std::size_t k = 0; k < 4; ++k) lead_to_folder(outside(k), inside(k));
  }
  SECTION("some are moved") {
    for (std::size_t k = 0; k < 4; ++k) lead_to_folder(outside(k), inside(k));
    list_inside();
    move_over_link(outside(1), inside(1));
    move_over_link(outside(3), inside(3));
  }
  SECTION("the link of one that is moved has stayed") {
    for (std::size_t k = 0; k < 4; ++k) lead_to_folder(outside(k), inside(k));
    list_inside();
    move_over_link(outside(1), inside(1));
    fs::create_symlink(outside(1), outside(1));
  }
  SECTION("one has the name that it has on the way") {
    for (std::size_t k = 0; k < 4; ++k) lead_to_folder(outside(k), inside(k));
    list_inside();
    fs::rename(outside(2), inside(2) + ".moving");
  }
  SECTION("nothing leads to where one comes, which has the name on the way") {
    for (std::size_t k = 0; k < 4; ++k) lead_to_folder(outside(k), inside(k));
    list_inside();
    fs::rename(outside(2), inside(2) + ".moving");
    fs::remove(inside(2));
  }
  for (const char* const other : {"paged", "virtual"}) {
    ConcatImagesParams params = with_mode(other);
    params.overwrite = true;
    CHECK(parts.refused(params).find("is a cube of a run that was ended") != std::string::npos);
  }
  ConcatImagesParams params = with_mode("movevirtual");
  params.overwrite = overwrite;
  parts.join(params);
  CHECK(parts.names() == std::vector<std::string>{"cube"});
  CHECK(read_image_concat(parts.path("cube"), parts.path("cube")).images ==
        std::vector<std::string>{inside(0), inside(1), inside(2), inside(3)});
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(fs::symlink_status(inside(k)).type() == fs::file_type::directory);
    CHECK(fs::exists(inside(k) + "/table.dat"));
  }
  CHECK(unfinished_moves(parts.path("cube")).empty());
}

TEST_CASE("several products are joined from the same parts or not at all") {
  Parts parts("products");
  for (std::size_t k = 0; k < 3; ++k) {
    parts.make(k);
    if (k < 2) parts.make(k, "psf");
  }
  ConcatImagesParams params = with_mode("paged", false);
  params.inputs = {parts.path("sub.*")};
  params.extensions = {"image", "psf"};
  const std::string message = parts.refused(params);
  CHECK(message.find("sub.2.image' but no '") != std::string::npos);
  CHECK(parts.names().size() == 5);
  parts.make(2, "psf");
  parts.join(params);
  check_cube(parts, "cube.image", 3);
  check_cube(parts, "cube.psf", 3);
  CHECK(parts.names() == std::vector<std::string>{"cube.image", "cube.psf"});
}

TEST_CASE("whatever is wrong with an input, all inputs stay and no output comes") {
  Parts parts("wrong");
  for (std::size_t k = 0; k < 3; ++k) parts.make(k);
  ConcatImagesParams params;
  std::string wanted;
  SECTION("missing") {
    params.inputs = {parts.path("sub.0.image"), parts.path("sub.7.image")};
    wanted = "sub.7.image' does not exist";
  }
  SECTION("none fits the pattern") {
    params.inputs = {parts.path("other.*")};
    wanted = "names no image";
  }
  SECTION("cut short") {
    fs::resize_file(parts.path("sub.1.image/table.f0_TSM0"), 100);
    wanted = "sub.1.image' is cut short";
  }
  SECTION("overlapping") {
    params.inputs = {parts.path("sub.0.image"), parts.path("sub.1.image"), parts.path("twin")};
    fs::copy(parts.path("sub.1.image"), parts.path("twin"), fs::copy_options::recursive);
    wanted = "there is an overlap of 1 channel (1 MHz) between";
  }
  SECTION("a gap") {
    params.inputs = {parts.path("sub.0.image"), parts.path("sub.2.image")};
    wanted = "there is a gap of 1 channel (1 MHz) between";
  }
  SECTION("another cell") {
    parts.make(3, "image", 2e-5);
    wanted = "differ in their cells in y";
  }
  SECTION("another unit") {
    parts.make(3, "image", 1e-5, "Jy/pixel");
    wanted = "differ in their units: 'Jy/beam' and 'Jy/pixel'";
  }
  SECTION("too few") {
    params.nchan = 4;
    wanted = "have 3 channels where nchan is 4";
  }
  SECTION("named twice") {
    params.inputs = {parts.path("sub.0.image"), parts.path("sub.0.image")};
    wanted = "is named twice";
  }
  SECTION("the output itself") {
    params.output = parts.path("sub.1.image/cube");
    wanted = "overlap";
  }
  const std::vector<std::string> before = parts.names();
  for (const char* const mode : {"virtual", "paged", "movevirtual"}) {
    INFO(mode);
    params.mode = mode;
    params.keep_subcubes = std::string(mode) == "virtual";
    const std::string message = parts.refused(params);
    INFO(message);
    CHECK(message.find(wanted) != std::string::npos);
    CHECK(parts.names() == before);
  }
}
