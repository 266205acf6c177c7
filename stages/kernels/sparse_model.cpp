// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/sparse_model.h>

#include <algorithm>
#include <tuple>

namespace skymill::kernels {

namespace {

bool before(const ModelPixel& a, const ModelPixel& b) {
  return std::tie(a.y, a.x) < std::tie(b.y, b.x);
}

}  // namespace

SparseModel sparse_model(View<const float, 2> plane) {
  SparseModel model;
  for (std::size_t y = 0; y < plane.extent(0); ++y) {
    for (std::size_t x = 0; x < plane.extent(1); ++x) {
      if (plane(y, x) != 0) {
        model.push_back(
            {static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x), plane(y, x)});
      }
    }
  }
  return model;
}

void add_components(const std::vector<CleanComponent>& components, SparseModel& model) {
  SparseModel added;
  added.reserve(components.size());
  for (const CleanComponent& c : components) {
    added.push_back({static_cast<std::uint32_t>(c.y), static_cast<std::uint32_t>(c.x), c.flux});
  }
  // Stable, and the old pixel first: sums of floats depend on their order.
  std::stable_sort(added.begin(), added.end(), before);
  SparseModel all;
  all.reserve(model.size() + added.size());
  std::merge(model.begin(), model.end(), added.begin(), added.end(), std::back_inserter(all),
             before);
  std::size_t kept = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (kept > 0 && all[kept - 1].y == all[k].y && all[kept - 1].x == all[k].x) {
      all[kept - 1].flux += all[k].flux;
    } else {
      all[kept++] = all[k];
    }
  }
  all.resize(kept);
  model = std::move(all);
}

ModelRows rows_of(const SparseModel& model, std::size_t first, std::size_t end) {
  const auto row_is_before = [](const ModelPixel& pixel, std::size_t row) { return pixel.y < row; };
  const auto from = std::lower_bound(model.begin(), model.end(), first, row_is_before);
  const auto to = std::lower_bound(from, model.end(), end, row_is_before);
  return {model.data() + (from - model.begin()), model.data() + (to - model.begin())};
}

void write_rows(const SparseModel& model, std::size_t first, View<float, 2> rows) {
  for (std::size_t y = 0; y < rows.extent(0); ++y) {
    for (std::size_t x = 0; x < rows.extent(1); ++x) {
      rows(y, x) = 0;
    }
  }
  const ModelRows inside = rows_of(model, first, first + rows.extent(0));
  for (const ModelPixel* p = inside.begin; p != inside.end; ++p) {
    if (p->x < rows.extent(1)) {
      rows(p->y - first, p->x) = p->flux;
    }
  }
}

}  // namespace skymill::kernels
