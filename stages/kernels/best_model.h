// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// The model of the cycle with the least peak residual, so that a channel which diverges can go
/// back to it (imaging.md 12). Only pixels that are not zero are kept.
class BestModel {
 public:
  /// Keeps the model when this peak is not above the least so far; true when it was kept. A peak
  /// that is no number is never the least. model [y][x].
  bool offer(View<const float, 2> model, double peak);

  /// Puts the kept model back, zeros when none was kept. Throws std::invalid_argument when the
  /// shape differs from the one kept.
  void put_back(View<float, 2> model) const;

  double peak() const { return peak_; }

  /// Memory that models of so many pixels which are not zero take.
  static std::size_t bytes(std::size_t components) { return components * sizeof(Component); }

 private:
  struct Component {
    std::uint32_t y = 0;
    std::uint32_t x = 0;
    float flux = 0;
  };

  std::array<std::size_t, 2> shape_{};
  std::vector<Component> components_;
  double peak_ = 0;
  bool kept_ = false;
};

}  // namespace skymill::kernels
