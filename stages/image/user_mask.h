// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/formats/any_image.h>
#include <stages/kernels/pixel_runs.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// The pixels that a user lets be cleaned: those in any of the regions and images that `mask`
/// names.
class UserMask {
 public:
  /// Opens images and reads files of regions; pixels are read later.
  /// @param items region texts (see region_runs), files with one region in a line, and images of
  ///        the cube's pixels, in which values above 0.5 are inside
  /// @throws Error (description or input) naming what cannot be read or has other pixels
  UserMask(const std::vector<std::string>& items, const ImageHeader& cube, Lanes& lanes);

  /// Files and folders that were named.
  std::vector<std::string> paths() const;

  /// Reads the images of one plane, which serve all planes of the cube.
  void load();
  /// What may be cleaned in a plane of the cube; from any thread, after load().
  kernels::PixelRuns runs(std::size_t plane) const;

 private:
  std::vector<AnyImage> images_;
  std::vector<std::string> region_files_;
  kernels::PixelRuns common_;  ///< regions, and images of one plane once they are loaded
};

}  // namespace skymill::radio
