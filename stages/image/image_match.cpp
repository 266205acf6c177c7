// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/image/image_match.h>
#include <stages/image/sky_pixel.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPixels = 0.1;    // what places may differ
constexpr double kChannels = 0.5;  // of a plane's width

std::string angle(double rad) { return short_quantity(rad, "rad"); }

std::string place(const Direction& direction) {
  return direction.frame + " " + angle(direction.ra_rad) + " " + angle(direction.dec_rad);
}

std::string pixels(const std::array<double, 2>& pixel) {
  return "[" + exact_number(pixel[0]) + ", " + exact_number(pixel[1]) + "]";
}

}  // namespace

void require_same_pixels(const AnyImage& given, const ImageHeader& cube, const std::string& role) {
  const ImageHeader& header = given.header();
  const auto compare = [&](const std::string& what, bool same, const std::string& its,
                           const std::string& wanted) {
    if (same) return;
    throw Error(ErrorKind::input,
                "the " + role + " '" + given.path() + "' has not the cube's pixels: its " + what +
                    " is " + its + " instead of " + wanted,
                "make it for this cube, or regrid it");
  };
  const auto size = [](const ImageHeader& image) {
    return std::to_string(image.nx) + " x " + std::to_string(image.ny);
  };
  compare("size", header.nx == cube.nx && header.ny == cube.ny, size(header), size(cube));
  const auto same_cell = [](double a, double b, std::size_t n) {
    return std::abs(a - b) * static_cast<double>(n) / 2 <= kPixels * std::abs(b);
  };
  compare("cell",
          same_cell(header.cell_x_rad, cube.cell_x_rad, cube.nx) &&
              same_cell(header.cell_y_rad, cube.cell_y_rad, cube.ny),
          angle(header.cell_x_rad) + ", " + angle(header.cell_y_rad),
          angle(cube.cell_x_rad) + ", " + angle(cube.cell_y_rad));
  const auto centre = sky_pixel(cube, header.phase_centre);
  const std::array<double, 2> pixel = given.reference_pixel();
  compare("phase centre",
          centre && std::abs((*centre)[0] - pixel[0]) <= kPixels &&
              std::abs((*centre)[1] - pixel[1]) <= kPixels,
          place(header.phase_centre) + " at pixel " + pixels(pixel),
          place(cube.phase_centre) + " at pixel " +
              pixels({static_cast<double>(cube.nx / 2), static_cast<double>(cube.ny / 2)}));
  compare("Stokes parameter", header.stokes == cube.stokes, header.stokes, cube.stokes);
  if (header.nchan == 1) return;
  compare("number of planes", header.nchan == cube.nchan, std::to_string(header.nchan),
          std::to_string(cube.nchan) + " or 1");
  for (std::size_t k = 0; k < cube.nchan; ++k) {
    const double its = header.chan_freq_hz.at(k), wanted = cube.chan_freq_hz[k];
    compare("frequency of plane " + std::to_string(k),
            std::abs(its - wanted) <= kChannels * std::abs(cube.chan_width_hz),
            short_quantity(its, "Hz"), short_quantity(wanted, "Hz"));
  }
}

}  // namespace skymill::radio
