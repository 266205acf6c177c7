// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/image_match.h>
#include <stages/image/region_text.h>
#include <stages/image/user_mask.h>

#include <filesystem>
#include <fstream>

namespace skymill::radio {

namespace {

/// The lines of a file of regions without comments and without what holds for all of them.
std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> regions;
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
    if (!is_region_text(line)) {
      throw Error(
          ErrorKind::input,
          "the mask '" + path + "' has a line that is no region: '" + line.substr(0, 80) + "'",
          "a mask is an image, or a text of regions as CASA writes them");
    }
    regions.push_back(line);
  }
  return regions;
}

kernels::PixelRuns inside(const AnyImage& image, std::size_t plane) {
  std::vector<float> pixels;
  image.read(plane, 0, pixels);
  const std::array<std::size_t, 2> shape{image.header().ny, image.header().nx};
  return kernels::masked_runs(kernels::View<const float, 2>(pixels.data(), shape), shape);
}

}  // namespace

UserMask::UserMask(const std::vector<std::string>& items, const ImageHeader& cube, Lanes& lanes) {
  std::vector<std::string> regions;
  for (const std::string& item : whole_items(items)) {
    const bool exists = std::filesystem::exists(item);
    if (!exists && is_region_text(item)) {
      regions.push_back(item);
    } else if (std::filesystem::is_regular_file(item) && !AnyImage::is_fits(item)) {
      const auto more = lines_of(item);
      regions.insert(regions.end(), more.begin(), more.end());
      region_files_.push_back(item);
    } else {
      images_.emplace_back(item, lanes);
      require_same_pixels(images_.back(), cube, "mask");
    }
  }
  common_ = region_runs(regions, cube);
}

std::vector<std::string> UserMask::paths() const {
  std::vector<std::string> paths = region_files_;
  for (const AnyImage& image : images_) paths.push_back(image.path());
  return paths;
}

void UserMask::load() {
  for (const AnyImage& image : images_) {
    if (image.header().nchan == 1) common_ = kernels::united(common_, inside(image, 0));
  }
}

kernels::PixelRuns UserMask::runs(std::size_t plane) const {
  kernels::PixelRuns runs = common_;
  for (const AnyImage& image : images_) {
    if (image.header().nchan > 1) runs = kernels::united(runs, inside(image, plane));
  }
  return runs;
}

}  // namespace skymill::radio
