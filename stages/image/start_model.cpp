// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/image_match.h>
#include <stages/image/start_model.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace skymill::radio {

StartModel::StartModel(const std::string& path, const ImageHeader& cube, Lanes& lanes)
    : image_(path, lanes) {
  require_same_pixels(image_, cube, "startmodel");
  std::string unit = image_.unit();
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (unit == "jy/pixel" || unit.empty()) return;
  throw Error(ErrorKind::input,
              "the startmodel '" + path + "' is in " + image_.unit() + " instead of Jy/pixel",
              "give the .model of a cube, not its .image");
}

kernels::SparseModel StartModel::of(std::size_t plane) const {
  std::vector<float> pixels;
  image_.read(plane_for(image_, plane), 0, pixels);
  for (float& pixel : pixels) {
    if (!std::isfinite(pixel)) pixel = 0;
  }
  return kernels::sparse_model(
      kernels::View<const float, 2>(pixels.data(), {image_.header().ny, image_.header().nx}));
}

}  // namespace skymill::radio
