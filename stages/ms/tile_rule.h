// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <cstddef>

namespace skymill::radio::wall {

/// Rows of a tile of a column, from what is known of the rows.
///
/// A tile should hold about `tile_bytes`, and tiles should end where integrations end, so that a
/// chunk of whole integrations fills whole tiles and nothing is read back to be completed
/// (calibration.md 1.2: tiles that do not divide the rows of an integration cost up to twice the
/// time). So it takes
///  - as many whole integrations as fit, when one or more fit;
///  - else the largest divisor of an integration's rows that fits, when that fills half a tile;
///  - else the rows of an integration in as few nearly equal parts as possible;
///  - simply the rows that fit, when an integration's rows are not known;
/// never more rows than the whole table has, and at least one.
struct TileRule {
  std::size_t tile_bytes = 0;
  std::size_t integration_rows = 0;  ///< of one data description; 0 when not known
  std::size_t table_rows = 0;        ///< 0 when not known

  std::size_t rows(double bytes_per_row) const;
};

}  // namespace skymill::radio::wall
