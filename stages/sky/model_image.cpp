// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/formats/any_image.h>
#include <stages/geometry/sky_frame.h>
#include <stages/sky/model_image.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace skymill::radio {

namespace {

void require_model(const AnyImage& image) {
  std::string unit = image.unit();
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (unit != "jy/pixel") {
    throw Error(ErrorKind::input,
                "the model '" + image.path() + "' is in " +
                    (unit.empty() ? "no unit" : image.unit()) + " instead of Jy/pixel",
                unit == "jy/beam" ? "give the .model of the image: a restored one has each source "
                                    "as broad as the beam"
                                  : "write the unit Jy/pixel into it if it is a model");
  }
  if (image.stokes().size() > 1) {
    throw Error(ErrorKind::input,
                "the model '" + image.path() + "' has " + std::to_string(image.stokes().size()) +
                    " Stokes planes",
                "give an image of Stokes I");
  }
}

ModelImage::Plane frequencies_of(const ImageHeader& header, std::size_t plane) {
  if (header.nchan == 1) return {0, std::numeric_limits<double>::infinity(), {}, {}};
  const double half_hz = std::abs(header.chan_freq_hz.back() - header.chan_freq_hz.front()) /
                         (2 * static_cast<double>(header.nchan - 1));
  return {header.chan_freq_hz[plane] - half_hz, header.chan_freq_hz[plane] + half_hz, {}, {}};
}

}  // namespace

ModelImage read_model_image(const std::string& path, Lanes& lanes) {
  const AnyImage image(path, lanes);
  require_model(image);
  const ImageHeader& header = image.header();
  const auto reference = image.reference_pixel();
  ModelImage model;
  model.path = path;
  model.grid = {
      header.phase_centre, {reference[0], reference[1]}, header.cell_x_rad, header.cell_y_rad, {}};
  std::map<std::size_t, std::size_t> number_of;  // of a place in the image
  std::vector<float> pixels;
  for (std::size_t k = 0; k < header.nchan; ++k) {
    model.planes.push_back(frequencies_of(header, k));
    ModelImage::Plane& plane = model.planes.back();
    image.read(k, 0, pixels);
    for (std::size_t place = 0; place < pixels.size(); ++place) {
      if (pixels[place] == 0 || !std::isfinite(pixels[place])) continue;
      const auto [found, fresh] = number_of.emplace(place, model.directions.size());
      if (fresh) {
        model.grid.pixel.push_back({place % header.nx, place / header.nx});
        const double dx = static_cast<double>(place % header.nx) - reference[0];
        const double dy = static_cast<double>(place / header.nx) - reference[1];
        model.directions.push_back(
            offset_direction(header.phase_centre, dx * header.cell_x_rad, dy * header.cell_y_rad));
      }
      plane.pixel.push_back(found->second);
      plane.flux_jy.push_back(pixels[place]);
      if (k == 0) model.total_jy += pixels[place];
    }
  }
  if (model.directions.empty()) {
    throw Error(ErrorKind::input, "the model '" + path + "' is zero everywhere",
                "give the .model of a cleaned image");
  }
  return model;
}

}  // namespace skymill::radio
