// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/data_kind.h>
#include <stages/data/image.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// What is known of a cube before its first plane: coordinates, and which products come.
struct CubeHeader {
  static constexpr DataKind kDataKind{"cube_header", 1};

  ImageHeader image;
  std::vector<ProductKind> products;  ///< in the order of every channel's planes
};

/// All products of one channel of a cube. The span says which: axis `channel`.
struct ChannelImage {
  static constexpr DataKind kDataKind{"channel_image", 1};

  std::vector<Plane> products;        ///< in the order of the header; [y][x] each
  std::optional<Beam> beam;           ///< of the PSF; absent when it could not be fitted
  std::optional<Beam> restored_beam;  ///< of the products whose kind says `one_beam`
  bool blank = false;                 ///< no usable data: the planes mean nothing
  /// Lines for the history of products that the cube's header could not have yet, as which
  /// solutions corrected the data; the same for all channels. May be null.
  std::shared_ptr<const std::vector<std::string>> history;

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Plane& plane : products) sum += plane.bytes();
    return sum;
  }
};

}  // namespace skymill::radio
