// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/formats/any_image.h>
#include <stages/kernels/sparse_model.h>

#include <string>

namespace skymill::radio {

/// The model from which cleaning starts: an image of the cube's pixels in Jy/pixel, of one plane
/// for all or one for each.
class StartModel {
 public:
  /// @throws Error (input) when it cannot be read, has other pixels or is in another unit
  StartModel(const std::string& path, const ImageHeader& cube, Lanes& lanes);

  const std::string& path() const { return image_.path(); }
  /// Of a plane of the cube; from any thread. What is masked or no number is not in it.
  kernels::SparseModel of(std::size_t plane) const;

 private:
  AnyImage image_;
};

}  // namespace skymill::radio
