// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the .cpp files of this folder: what all minor cycles ask of their planes and options.
#pragma once

#include <stages/kernels/view.h>

#include <stdexcept>
#include <string>

namespace skymill::kernels {

inline void require_plane(const std::string& where, const char* what, View<const float, 2> plane,
                          View<const float, 2> residual) {
  if (plane.data() == nullptr || plane.shape() != residual.shape()) {
    throw std::invalid_argument(where + ": the " + what + " is [" +
                                std::to_string(plane.extent(0)) + "][" +
                                std::to_string(plane.extent(1)) + "] but the residual is [" +
                                std::to_string(residual.extent(0)) + "][" +
                                std::to_string(residual.extent(1)) + "] (y, x)");
  }
  if (plane.stride(1) != 1) {
    throw std::invalid_argument(where + ": the " + what +
                                " needs its pixels of a row one after the other");
  }
}

/// The mask may be empty.
inline void require_planes(const std::string& where, View<const float, 2> residual,
                           View<const float, 2> psf, View<const float, 2> model,
                           View<const float, 2> mask) {
  if (residual.empty()) {
    throw std::invalid_argument(where + ": the residual has no pixels");
  }
  require_plane(where, "residual", residual, residual);
  require_plane(where, "psf", psf, residual);
  require_plane(where, "model", model, residual);
  if (mask.data() != nullptr) {
    require_plane(where, "mask", mask, residual);
  }
}

inline void require_gain_and_threshold(const std::string& where, float gain, float threshold) {
  if (!(gain > 0) || !(gain <= 1)) {
    throw std::invalid_argument(where + ": a gain of " + std::to_string(gain) +
                                "; it must be above 0 and at most 1");
  }
  if (!(threshold >= 0)) {
    throw std::invalid_argument(where + ": a threshold of " + std::to_string(threshold) +
                                "; it must not be negative");
  }
}

}  // namespace skymill::kernels
