// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/clean_mask.h>

#include <cmath>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

void require_shape(const char* what, View<const float, 2> plane, View<const float, 2> mask) {
  if (plane.data() != nullptr && plane.shape() != mask.shape()) {
    throw std::invalid_argument(
        std::string("clean_mask: the ") + what + " is [" + std::to_string(plane.extent(0)) + "][" +
        std::to_string(plane.extent(1)) + "] but the mask is [" + std::to_string(mask.extent(0)) +
        "][" + std::to_string(mask.extent(1)) + "] (y, x)");
  }
}

}  // namespace

std::size_t make_clean_mask(const MaskParts& parts, View<float, 2> mask) {
  require_shape("user mask", parts.user, mask);
  require_shape("pb", parts.pb, mask);
  require_shape("T/F mask", parts.valid, mask);
  const bool by_pb = parts.pb.data() != nullptr && parts.pbmask > 0;
  std::size_t inside = 0;
  for (std::size_t y = 0; y < mask.extent(0); ++y) {
    for (std::size_t x = 0; x < mask.extent(1); ++x) {
      const bool in = (parts.user.data() == nullptr || parts.user(y, x) > 0.5F) &&
                      (!by_pb || static_cast<double>(parts.pb(y, x)) > parts.pbmask) &&
                      (parts.valid.data() == nullptr || parts.valid(y, x) > 0.5F);
      mask(y, x) = in ? 1.0F : 0.0F;
      inside += in ? 1 : 0;
    }
  }
  return inside;
}

std::size_t apply_pblimit(View<float, 2> pb, double pblimit, View<float, 2> mask) {
  require_shape("T/F mask", mask, pb);
  std::size_t inside = 0;
  for (std::size_t y = 0; y < pb.extent(0); ++y) {
    for (std::size_t x = 0; x < pb.extent(1); ++x) {
      const bool in = static_cast<double>(pb(y, x)) > std::abs(pblimit);
      if (!in) {
        pb(y, x) = 0;
      }
      if (mask.data() != nullptr) {
        mask(y, x) = in ? 1.0F : 0.0F;
      }
      inside += in ? 1 : 0;
    }
  }
  return inside;
}

}  // namespace skymill::kernels
