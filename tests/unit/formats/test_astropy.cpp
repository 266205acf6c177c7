// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/formats/fits_cube.h>

#include <catch2/catch.hpp>

#include "sample_cube.h"

using namespace skymill::radio;

TEST_CASE("astropy reads what we write") {
  if (std::system(SKYMILL_PYTHON " -c 'import astropy' >/dev/null 2>&1") != 0) {
    WARN("SKIPPED: the system's Python has no astropy");
    return;
  }
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
  const std::string command = std::string(SKYMILL_PYTHON " " SKYMILL_ASTROPY_SCRIPT " written ") +
                              (folder / "cube.fits").string() + " " +
                              (folder / "single.fits").string();
  CHECK(std::system(command.c_str()) == 0);
}
