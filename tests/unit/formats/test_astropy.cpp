// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/formats/fits_cube.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "sample_cube.h"

using namespace skymill::radio;

namespace {

bool has_astropy() {
  if (std::system(SKYMILL_PYTHON " -c 'import astropy' >/dev/null 2>&1") == 0) return true;
  WARN("SKIPPED: the system's Python has no astropy");
  return false;
}

bool astropy_agrees(const std::string& arguments) {
  return std::system((SKYMILL_PYTHON " " SKYMILL_ASTROPY_SCRIPT " " + arguments).c_str()) == 0;
}

}  // namespace

TEST_CASE("astropy reads what we write") {
  if (!has_astropy()) return;
  const TestFolder folder;
  ImageHeader header = sample_header();
  FitsCubeWriter cube(folder / "cube.fits", header, image_kind());
  for (const std::size_t k : {4, 0, 5, 3, 1}) {
    cube.put_plane(k, sample_plane(header, k).data(), sample_beam(k));
  }
  cube.finish();
  header.nchan = 1;
  header.chan_freq_hz.resize(1);
  FitsCubeWriter single(folder / "single.fits", header, image_kind());
  single.put_plane(0, sample_plane(header, 0).data(), sample_beam(2));
  single.finish();
  CHECK(astropy_agrees("written " + (folder / "cube.fits").string() + " " +
                       (folder / "single.fits").string()));
}

TEST_CASE("a cube larger than the memory opens while it grows, and fills only what is there") {
  const TestFolder folder;
  ImageHeader header = sample_header();
  header.nx = header.ny = 1024;
  header.nchan = 4000;
  header.chan_freq_hz.clear();
  for (int k = 0; k < 4000; ++k) header.chan_freq_hz.push_back(1420405751.786 - k * 61035.15625);
  FitsCubeWriter cube(folder / "large.fits", header, image_kind());
  for (const std::size_t k : {3999, 0, 7}) {
    const std::vector<float> plane = sample_plane(header, k);
    // Rows in any order.
    cube.put_rows(k, 1000, 24, plane.data() + 1000 * header.nx);
    cube.put_rows(k, 0, 1000, plane.data());
    cube.complete_plane(k, sample_beam(k));
  }
  const FitsCubeReader reader(folder / "large.fits");
  std::vector<float> plane(header.nx * header.ny);
  reader.read_plane(3999, plane.data());
  CHECK(plane == sample_plane(header, 3999));
  struct stat info {};
  REQUIRE(::stat((folder / "large.fits").c_str(), &info) == 0);
  CHECK(info.st_size > 4000L << 22);
  CHECK(info.st_blocks * 512 < 4L << 22);
  if (!has_astropy()) return;
  CHECK(astropy_agrees("growing " + (folder / "large.fits").string() + " 0,7,3999"));
}
