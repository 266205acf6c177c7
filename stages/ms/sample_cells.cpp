// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/tables/DataMan/TiledStManAccessor.h>
#include <stages/ms/sample_cells.h>

#include <algorithm>

namespace skymill::radio::wall {

casacore::IPosition tile_of_data(const casacore::Table& ms, const casacore::IPosition& cell) {
  constexpr std::size_t kTileBytes = std::size_t{5} << 18;
  try {
    return casacore::ROTiledStManAccessor(ms, "DATA", true).tileShape(0);
  } catch (const std::exception&) {  // DATA has cells of a manager without tiles
    casacore::IPosition tile(cell);
    const std::size_t bytes = static_cast<std::size_t>(cell.product()) * sizeof(casacore::Complex);
    tile.append(position({std::max<std::size_t>(1, kTileBytes / bytes)}));
    return tile;
  }
}

}  // namespace skymill::radio::wall
