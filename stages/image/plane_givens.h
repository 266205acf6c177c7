// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/sparse_model.h>

#include <optional>

namespace skymill::radio {

/// What a plane is given from outside of its visibilities.
struct PlaneGivens {
  std::optional<kernels::PixelRuns> user;   ///< inside the user's mask; nothing: everywhere
  std::optional<kernels::PixelRuns> valid;  ///< pb > pblimit, where that masks; nothing: everywhere
  std::optional<kernels::PixelRuns> pb;     ///< pb > pbmask; nothing: everywhere
  kernels::SparseModel start;               ///< from which cleaning goes on
  std::optional<Beam> beam;                 ///< to restore with; nothing: the plane's own
};

}  // namespace skymill::radio
