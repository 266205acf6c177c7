// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/best_model.h>

#include <stdexcept>
#include <string>

namespace skymill::kernels {

bool BestModel::offer(View<const float, 2> model, double peak) {
  if (!(peak >= 0) || (kept_ && peak > peak_)) {
    return false;
  }
  kept_ = true;
  peak_ = peak;
  shape_ = model.shape();
  components_.clear();
  for (std::size_t y = 0; y < shape_[0]; ++y) {
    for (std::size_t x = 0; x < shape_[1]; ++x) {
      if (model(y, x) != 0) {
        components_.push_back(
            {static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x), model(y, x)});
      }
    }
  }
  return true;
}

void BestModel::put_back(View<float, 2> model) const {
  if (kept_ && model.shape() != shape_) {
    throw std::invalid_argument("best_model: the model is [" + std::to_string(model.extent(0)) +
                                "][" + std::to_string(model.extent(1)) + "] but the one kept is [" +
                                std::to_string(shape_[0]) + "][" + std::to_string(shape_[1]) + "]");
  }
  for (std::size_t y = 0; y < model.extent(0); ++y) {
    for (std::size_t x = 0; x < model.extent(1); ++x) {
      model(y, x) = 0;
    }
  }
  for (const Component& component : components_) {
    model(component.y, component.x) = component.flux;
  }
}

}  // namespace skymill::kernels
