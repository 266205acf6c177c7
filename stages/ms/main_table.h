// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <stages/data/visibilities.h>
#include <stages/ms/ms_writer.h>
#include <stages/ms/tile_rule.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// The cells of one data description.
struct CellShape {
  std::size_t ncorr = 0;
  std::size_t nchan = 0;
  bool operator==(const CellShape& other) const {
    return ncorr == other.ncorr && nchan == other.nchan;
  }
};

/// What the main table of a new MeasurementSet is to be: cells, columns and tiles.
class MainTable {
 public:
  /// @throws Error(input) when data descriptions of the header are missing or senseless
  MainTable(const std::string& path, const ObservationHeader& header, const MsLayout& layout,
            std::size_t channels_of_slab);

  const std::vector<CellShape>& shapes() const { return shapes_; }

  /// The empty table, on disk. Slowly changing columns are kept as changes, arrays in tiles.
  casacore::MeasurementSet make() const;

  /// Adds the column WEIGHT_SPECTRUM, its cells not filled yet.
  void add_weight_spectrum(casacore::MeasurementSet& ms) const;

 private:
  casacore::IPosition cell_tile(double bytes_per_value, std::size_t tile_bytes) const;
  TileRule rule(std::size_t tile_bytes) const;
  casacore::TableDesc description() const;
  template <class Bind>
  void bind_tiled(Bind&& bind, const std::string& column, const casacore::IPosition& tile) const;

  std::string path_;
  MsLayout layout_;
  std::vector<CellShape> shapes_;
  std::size_t rows_ = 0;
  std::size_t tile_channels_ = 0;
  bool uniform_ = true;  ///< all descriptions have one shape
};

}  // namespace skymill::radio::wall
