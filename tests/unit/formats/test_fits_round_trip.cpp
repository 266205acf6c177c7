// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/formats/fits_cube.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "sample_cube.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

std::vector<float> plane_of(const FitsCubeReader& reader, std::size_t chan) {
  std::vector<float> pixels(reader.header().nx * reader.header().ny, -1);
  reader.read_plane(chan, pixels.data());
  return pixels;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("planes in any order come back bit for bit and a missing one is NaN") {
  const TestFolder folder;
  const ImageHeader header = sample_header();
  std::vector<std::vector<float>> planes;
  for (std::size_t k = 0; k < header.nchan; ++k) planes.push_back(sample_plane(header, k));
  planes[1][7] = std::numeric_limits<float>::quiet_NaN();
  planes[1][8] = std::numeric_limits<float>::denorm_min();
  planes[1][9] = -0.0F;
  planes[1][10] = std::numeric_limits<float>::infinity();
  FitsCubeWriter writer(folder / "a.fits", header, image_kind());
  writer.put_plane(3, std::vector<float>(planes[3].size(), 5).data(), sample_beam(0));
  for (const std::size_t k : {5, 0, 3, 1, 4}) {
    writer.put_plane(k, planes[k].data(), sample_beam(k));
  }
  writer.add_history("a late line");
  writer.finish();

  const FitsCubeReader reader(folder / "a.fits");
  for (const std::size_t k : {0, 1, 3, 4, 5}) CHECK(same_bits(plane_of(reader, k), planes[k]));
  for (const float value : plane_of(reader, 2)) CHECK(std::isnan(value));
  for (const std::size_t k : {0, 1, 3, 4, 5}) {
    CHECK(reader.beams()[k].major_rad == Approx(sample_beam(k).major_rad).epsilon(1e-6));
    CHECK(reader.beams()[k].minor_rad == Approx(sample_beam(k).minor_rad).epsilon(1e-6));
    CHECK(reader.beams()[k].pa_rad == Approx(sample_beam(k).pa_rad).epsilon(1e-6));
  }
  CHECK_FALSE(reader.beams()[2].valid());
}

TEST_CASE("rows of zeros stay a hole unless something was there") {
  const TestFolder folder;
  ImageHeader header = sample_header();
  header.nx = header.ny = 512;
  const std::size_t plane_bytes = header.nx * header.ny * sizeof(float);
  std::vector<float> pixels(header.nx * header.ny);
  FitsCubeWriter writer(folder / "a.fits", header, image_kind());
  CHECK(writer.put_rows(0, 0, header.ny, pixels.data()) == 0);
  pixels[7] = -0.0F;  // its sign is a bit
  CHECK(writer.put_rows(1, 0, 256, pixels.data()) == plane_bytes / 2);
  CHECK(writer.put_rows(1, 256, 256, pixels.data() + pixels.size() / 2) == 0);
  pixels[7] = 3;
  CHECK(writer.put_rows(2, 0, header.ny, pixels.data()) == plane_bytes);
  pixels[7] = 0;
  // Rows that were there are replaced by zeros.
  CHECK(writer.put_rows(2, 0, header.ny, pixels.data()) == plane_bytes);
  for (std::size_t k = 0; k < header.nchan; ++k) {
    if (k > 2) CHECK(writer.put_rows(k, 0, header.ny, pixels.data()) == 0);
    writer.complete_plane(k, sample_beam(k));
  }
  writer.finish();
  struct stat info {};
  REQUIRE(::stat((folder / "a.fits").c_str(), &info) == 0);
  CHECK(static_cast<std::size_t>(info.st_size) > 6 * plane_bytes);
  CHECK(static_cast<std::size_t>(info.st_blocks) * 512 < 2 * plane_bytes);
  const FitsCubeReader reader(folder / "a.fits");
  for (const std::size_t k : {0, 2, 3, 4, 5}) CHECK(same_bits(plane_of(reader, k), pixels));
  pixels[7] = -0.0F;
  CHECK(same_bits(plane_of(reader, 1), pixels));
}

TEST_CASE("the header comes back") {
  const TestFolder folder;
  const ImageHeader header = sample_header();
  FitsCubeWriter writer(folder / "a.fits", header, image_kind());
  writer.finish();
  const FitsCubeReader reader(folder / "a.fits");
  const ImageHeader& back = reader.header();
  CHECK(back.nx == header.nx);
  CHECK(back.ny == header.ny);
  CHECK(back.nchan == header.nchan);
  CHECK(back.cell_x_rad == Approx(header.cell_x_rad).epsilon(1e-15));
  CHECK(back.cell_y_rad == Approx(header.cell_y_rad).epsilon(1e-15));
  CHECK(back.phase_centre.ra_rad == Approx(header.phase_centre.ra_rad).epsilon(1e-15));
  CHECK(back.phase_centre.dec_rad == Approx(header.phase_centre.dec_rad).epsilon(1e-15));
  CHECK(back.phase_centre.frame == "J2000");
  CHECK(back.chan_freq_hz == header.chan_freq_hz);
  CHECK(back.chan_width_hz == header.chan_width_hz);
  CHECK(back.spectral_frame == "LSRK");
  CHECK(back.rest_freq_hz == header.rest_freq_hz);
  CHECK(back.stokes == "I");
  CHECK(back.telescope == "VLA");
  CHECK(back.observer == "O'Hara");
  CHECK(back.object == "Field 1");
  CHECK(std::abs(back.date_obs_mjd_s - header.date_obs_mjd_s) < 2e-6);
  CHECK(back.telescope_position_m == header.telescope_position_m);
  CHECK(reader.unit() == "Jy/beam");
  CHECK(reader.reference_pixel() == std::array<double, 2>{10, 6});
  REQUIRE(back.history.size() >= 4);
  CHECK(back.history.front() == "first line");
  CHECK(back.history.back() == "gr??er");
}

TEST_CASE("every frame of direction, frequency and Stokes comes back") {
  const TestFolder folder;
  int number = 0;
  const auto back = [&](const ImageHeader& header) {
    const auto path = folder / (std::to_string(number++) + ".fits");
    FitsCubeWriter(path, header, image_kind()).finish();
    return FitsCubeReader(path).header();
  };
  ImageHeader header = sample_header();
  for (const char* frame : {"J2000", "ICRS", "B1950"}) {
    header.phase_centre.frame = frame;
    CHECK(back(header).phase_centre.frame == frame);
  }
  for (const char* frame : {"TOPO", "LSRK", "BARY", "GEO", "REST", ""}) {
    header.spectral_frame = frame;
    CHECK(back(header).spectral_frame == (*frame ? frame : ""));
  }
  for (const char* stokes : {"I", "Q", "U", "V", "RR", "LL", "XX", "YX"}) {
    header.stokes = stokes;
    CHECK(back(header).stokes == stokes);
  }
}

TEST_CASE("one plane keeps its beam in the header, exactly enough") {
  const TestFolder folder;
  ImageHeader header = sample_header();
  header.nchan = 1;
  header.chan_freq_hz.resize(1);
  FitsCubeWriter writer(folder / "a.fits", header, image_kind());
  writer.put_plane(0, sample_plane(header, 0).data(), sample_beam(2));
  writer.finish();
  const FitsCubeReader reader(folder / "a.fits");
  REQUIRE(reader.beams().size() == 1);
  CHECK(reader.beams()[0].major_rad == Approx(sample_beam(2).major_rad).epsilon(1e-15));
  CHECK(reader.beams()[0].pa_rad == Approx(sample_beam(2).pa_rad).epsilon(1e-15));
  CHECK(reader.header().chan_width_hz == header.chan_width_hz);
  CHECK(bytes_of(folder / "a.fits").find("CASAMBM") == std::string::npos);
}

TEST_CASE("a product without beams has none") {
  const TestFolder folder;
  const ImageHeader header = sample_header();
  FitsCubeWriter writer(folder / "a.fits", header, {"model", "Jy/pixel", false});
  writer.put_plane(0, sample_plane(header, 0).data(), sample_beam(0));
  writer.finish();
  const FitsCubeReader reader(folder / "a.fits");
  CHECK_FALSE(reader.beams()[0].valid());
  CHECK(reader.unit() == "Jy/pixel");
}

TEST_CASE("late beams and history leave the pixels where they were") {
  const TestFolder folder;
  const ImageHeader header = sample_header();
  const std::vector<float> plane = sample_plane(header, 4);
  FitsCubeWriter writer(folder / "a.fits", header, image_kind());
  for (std::size_t k = 0; k < header.nchan; ++k) writer.put_plane(k, plane.data(), sample_beam(k));
  // The same header with nothing added is the measure.
  FitsCubeWriter plain(folder / "b.fits", header, {"image", "Jy/beam", false});
  for (std::size_t k = 0; k < header.nchan; ++k) plain.put_plane(k, plane.data());
  for (int i = 0; i < 100; ++i) writer.add_history("line " + std::to_string(i));
  writer.finish();
  plain.finish();
  // Big-endian bytes of the second pixel, which no text of the header contains.
  const std::string mark = [&] {
    std::string bytes(8, '\0');
    for (int i = 0; i < 8; ++i) {
      bytes[static_cast<std::size_t>(i)] =
          reinterpret_cast<const char*>(plane.data())[4 * (i / 4) + 3 - i % 4];
    }
    return bytes;
  }();
  const auto with = bytes_of(folder / "a.fits").find(mark);
  REQUIRE(with != std::string::npos);
  CHECK(with % 2880 == 0);
  CHECK(with == bytes_of(folder / "b.fits").find(mark));
}

TEST_CASE("SOURCE_DATE_EPOCH makes equal cubes equal files") {
  const TestFolder folder;
  ::setenv("SOURCE_DATE_EPOCH", "1600000000", 1);
  const ImageHeader header = sample_header();
  for (const char* name : {"a.fits", "b.fits"}) {
    FitsCubeWriter writer(folder / name, header, image_kind());
    writer.put_plane(1, sample_plane(header, 1).data(), sample_beam(1));
    writer.finish();
  }
  ::unsetenv("SOURCE_DATE_EPOCH");
  const std::string bytes = bytes_of(folder / "a.fits");
  CHECK(bytes == bytes_of(folder / "b.fits"));
  CHECK(bytes.find("'2020-09-13T12:26:40'") != std::string::npos);
}

TEST_CASE("names with characters that cfitsio's file syntax uses are taken literally") {
  const TestFolder folder;
  const auto path = folder / "odd[1:2,3](x)+1.fits";
  FitsCubeWriter(path, sample_header(), image_kind()).finish();
  CHECK(std::filesystem::exists(path));
  CHECK(FitsCubeReader(path).header().nchan == 6);
}

TEST_CASE("one beam for all planes stands in the header, one pixel is an image too") {
  const TestFolder folder;
  const ImageHeader header = sample_header();
  FitsCubeWriter writer(folder / "a.fits", header, {"image", "Jy/beam", true, false, true});
  writer.put_plane(2, sample_plane(header, 2).data(), sample_beam(1));
  writer.finish();
  const FitsCubeReader reader(folder / "a.fits");
  REQUIRE(reader.beams().size() == header.nchan);
  for (const Beam& beam : reader.beams()) {
    CHECK(beam.major_rad == Approx(sample_beam(1).major_rad).epsilon(1e-12));
  }
  FitsCubeWriter sums(folder / "sums.fits", header, {"sumwt", "", false, true});
  const float value = 7;
  sums.put_plane(1, &value);
  sums.finish();
  const FitsCubeReader read_sums(folder / "sums.fits");
  CHECK(read_sums.header().nx == 1);
  CHECK(plane_of(read_sums, 1) == std::vector<float>{7});
}
