// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/hogbom.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// The pixels of a model that are not zero, in order of rows, then of x. A cleaned channel of 8000²
/// pixels has some hundred of them: 256 MB less than the plane.
struct ModelPixel {
  std::uint32_t y = 0;
  std::uint32_t x = 0;
  float flux = 0;  ///< Jy/pixel
};
using SparseModel = std::vector<ModelPixel>;

/// The pixels of a plane [y][x] that are not zero.
SparseModel sparse_model(View<const float, 2> plane);

/// Adds components in their order: the same bits as adding them to a plane one after the other.
void add_components(const std::vector<CleanComponent>& components, SparseModel& model);

/// Writes rows [first, first + rows.extent(0)) of the plane: the model and zeros elsewhere. Pixels
/// beyond rows.extent(1) are left out.
void write_rows(const SparseModel& model, std::size_t first, View<float, 2> rows);

/// The part of the model in rows [first, end).
struct ModelRows {
  const ModelPixel* begin = nullptr;
  const ModelPixel* end = nullptr;
};
ModelRows rows_of(const SparseModel& model, std::size_t first, std::size_t end);

}  // namespace skymill::kernels
