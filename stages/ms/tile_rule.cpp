// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/ms/tile_rule.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio::wall {

namespace {

std::size_t in_step(std::size_t fitting, std::size_t integration) {
  if (fitting >= integration) return fitting / integration * integration;
  for (std::size_t rows = fitting; 2 * rows >= fitting; --rows) {
    if (integration % rows == 0) return rows;
  }
  const std::size_t parts = (integration + fitting - 1) / fitting;
  return (integration + parts - 1) / parts;
}

}  // namespace

std::size_t TileRule::rows(double bytes_per_row) const {
  const double fitting = std::floor(static_cast<double>(tile_bytes) / bytes_per_row);
  std::size_t result = static_cast<std::size_t>(std::max(1.0, fitting));
  if (integration_rows > 0) result = in_step(result, integration_rows);
  if (table_rows > 0) result = std::min(result, table_rows);
  return result;
}

}  // namespace skymill::radio::wall
