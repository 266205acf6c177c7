// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/uvh5_layout.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

std::vector<std::uint64_t> usual_chunk(std::vector<std::uint64_t> shape, std::size_t cell_bytes) {
  for (std::uint64_t& size : shape) size = size == 0 ? 1024 : size;
  const auto bytes_of = [&] {
    double bytes = static_cast<double>(cell_bytes);
    for (const std::uint64_t size : shape) bytes *= static_cast<double>(size);
    return bytes;
  };
  constexpr double kBase = 16384, kLeast = 8192, kMost = 1048576;
  const double wanted =
      std::clamp(kBase * std::exp2(std::log10(bytes_of() / 1048576)), kLeast, kMost);
  for (std::size_t axis = 0;; axis = (axis + 1) % shape.size()) {
    const double bytes = bytes_of();
    const bool near = bytes < wanted || std::abs(bytes - wanted) / wanted < 0.5;
    if ((near && bytes < kMost) || bytes == static_cast<double>(cell_bytes)) return shape;
    shape[axis] = (shape[axis] + 1) / 2;
  }
}

RowStorage row_storage(Uvh5Layout layout, std::vector<std::uint64_t> shape, std::size_t cell_bytes,
                       bool cells, std::size_t rows, std::size_t baselines, int deflate) {
  RowStorage storage;
  if (layout == Uvh5Layout::generic || layout == Uvh5Layout::contiguous) {
    storage.rows = rows;
    shape.at(0) = rows;
    if (layout == Uvh5Layout::generic && cells) storage.chunk = usual_chunk(shape, cell_bytes);
    return storage;
  }
  shape.at(0) = 0;
  if (layout == Uvh5Layout::seed && cells) {
    shape[0] = baselines;
    storage.chunk = shape;
    storage.deflate = deflate;
    return storage;
  }
  storage.chunk = usual_chunk(shape, cell_bytes);
  return storage;
}

}  // namespace skymill::radio
