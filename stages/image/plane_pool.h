// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>

namespace skymill::radio {

/// Pixels of one plane, [y][x]; given back to the pool by the last owner.
using PooledPlane = std::shared_ptr<float[]>;

/// Memory for planes of one size, used again from channel to channel: the first touch of 256 MB
/// costs a tenth of a second, as much as a pass over them. Safe from any thread.
class PlanePool {
 public:
  explicit PlanePool(std::size_t pixels);

  /// What is in it is what the last owner left.
  PooledPlane take();

 private:
  struct Shelf;
  std::shared_ptr<Shelf> shelf_;  ///< lives as long as the pool or any of its planes
};

}  // namespace skymill::radio
