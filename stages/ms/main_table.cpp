// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/tables/DataMan/IncrementalStMan.h>
#include <casacore/tables/DataMan/StandardStMan.h>
#include <casacore/tables/DataMan/TSMOption.h>
#include <casacore/tables/DataMan/TiledColumnStMan.h>
#include <casacore/tables/DataMan/TiledShapeStMan.h>
#include <casacore/tables/Tables/ArrColDesc.h>
#include <casacore/tables/Tables/SetupNewTab.h>
#include <casacore/tables/Tables/TableInfo.h>
#include <stages/ms/main_table.h>
#include <stages/ms/positions.h>
#include <stages/ms/wall.h>

#include <algorithm>

namespace skymill::radio::wall {

namespace cc = casacore;

namespace {

// A cache holds the tiles that one put of ours touches; it never needs to grow with the table.
constexpr int kCacheMiB = 4;
// Columns of few bytes a row get smaller tiles, or a tile would span many chunks.
constexpr std::size_t kThinShare = 8;
constexpr std::size_t kChannelsOfTile = 16;

}  // namespace

MainTable::MainTable(const std::string& path, const ObservationHeader& header,
                     const MsLayout& layout, std::size_t channels_of_slab)
    : path_(path), layout_(layout), rows_(header.rows) {
  for (std::size_t i = 0; i < header.data_descriptions.size(); ++i) {
    const DataDescription& description = header.data_descriptions[i];
    const auto window = static_cast<std::size_t>(description.spectral_window);
    if (description.spectral_window < 0 || window >= header.spectral_windows.size() ||
        description.corr_types.empty() || header.spectral_windows[window].chan_freq_hz.empty() ||
        header.spectral_windows[window].chan_freq_hz.size() !=
            header.spectral_windows[window].chan_width_hz.size()) {
      throw Error(ErrorKind::input,
                  "data description " + std::to_string(i) + " for '" + path +
                      "' needs a spectral window with as many widths as frequencies, and "
                      "correlations");
    }
    shapes_.push_back(
        {description.corr_types.size(), header.spectral_windows[window].chan_freq_hz.size()});
    uniform_ = uniform_ && shapes_.back() == shapes_.front();
    tile_channels_ = std::max(tile_channels_, shapes_.back().nchan);
  }
  if (shapes_.empty()) {
    throw Error(ErrorKind::input, "the MeasurementSet '" + path +
                                      "' cannot be made from a header without data descriptions");
  }
  if (channels_of_slab > 0) tile_channels_ = std::min(tile_channels_, channels_of_slab);
  if (layout.tiles == MsTiles::channel) tile_channels_ = std::min(tile_channels_, kChannelsOfTile);
}

TileRule MainTable::rule(std::size_t tile_bytes) const {
  return {tile_bytes, layout_.integration_rows, rows_};
}

cc::IPosition MainTable::cell_tile(double bytes_per_value, std::size_t tile_bytes) const {
  std::size_t ncorr = 0;
  for (const CellShape& shape : shapes_) ncorr = std::max(ncorr, shape.ncorr);
  const double row_bytes = static_cast<double>(ncorr * tile_channels_) * bytes_per_value;
  return position({ncorr, tile_channels_, rule(tile_bytes).rows(row_bytes)});
}

/// Binds a column to tiles of its own: fixed tiles for one shape, else a set for every shape.
template <class Bind>
void MainTable::bind_tiled(Bind&& bind, const std::string& column,
                           const cc::IPosition& tile) const {
  const std::string name = "Tiled" + column;
  if (uniform_) {
    bind(column, cc::TiledColumnStMan(name, tile));
  } else {
    bind(column, cc::TiledShapeStMan(name, tile));
  }
}

cc::TableDesc MainTable::description() const {
  cc::TableDesc description = cc::MS::requiredTableDesc();
  std::vector<std::string> cells{"DATA", "FLAG"};
  cc::MS::addColumnToDesc(description, cc::MS::DATA, 2);
  if (layout_.model_column) {
    cc::MS::addColumnToDesc(description, cc::MS::MODEL_DATA, 2);
    cells.emplace_back("MODEL_DATA");
  }
  if (layout_.corrected_column) {
    cc::MS::addColumnToDesc(description, cc::MS::CORRECTED_DATA, 2);
    cells.emplace_back("CORRECTED_DATA");
  }
  if (uniform_) {
    const CellShape shape = shapes_.front();
    for (const std::string& column : cells) {
      description.rwColumnDesc(column).setShape(position({shape.ncorr, shape.nchan}), true);
    }
    for (const char* column : {"WEIGHT", "SIGMA"}) {
      description.rwColumnDesc(column).setShape(position({shape.ncorr}), true);
    }
  }
  return description;
}

cc::MeasurementSet MainTable::make() const {
  cc::SetupNewTable setup(path_, description(), cc::Table::NewNoReplace);
  const cc::IncrementalStMan incremental("Incremental", 65536);
  setup.bindAll(incremental);
  const cc::StandardStMan standard("Standard", 65536);
  for (const char* column : {"ANTENNA1", "ANTENNA2"}) setup.bindColumn(column, standard);
  const auto bind = [&](const std::string& column, const cc::DataManager& manager) {
    setup.bindColumn(column, manager);
  };
  const std::size_t thin_bytes = layout_.tile_bytes / kThinShare;
  std::size_t ncorr = 0;
  for (const CellShape& shape : shapes_) ncorr = std::max(ncorr, shape.ncorr);
  bind("UVW", cc::TiledColumnStMan("TiledUVW", position({3, rule(thin_bytes).rows(24)})));
  bind("FLAG_CATEGORY", cc::TiledShapeStMan("TiledFlagCategory", position({1, 1, 1, 1024})));
  bind_tiled(bind, "DATA", cell_tile(sizeof(cc::Complex), layout_.tile_bytes));
  if (layout_.model_column) {
    bind_tiled(bind, "MODEL_DATA", cell_tile(sizeof(cc::Complex), layout_.tile_bytes));
  }
  if (layout_.corrected_column) {
    bind_tiled(bind, "CORRECTED_DATA", cell_tile(sizeof(cc::Complex), layout_.tile_bytes));
  }
  bind_tiled(bind, "FLAG", cell_tile(0.125, thin_bytes));  // casacore packs eight into a byte
  const double weight_bytes = static_cast<double>(ncorr * sizeof(float));
  for (const char* column : {"WEIGHT", "SIGMA"}) {
    bind_tiled(bind, column, position({ncorr, rule(thin_bytes).rows(weight_bytes)}));
  }
  // Its own cache and a bound on it, whatever the user's aipsrc says.
  const cc::Table table(setup, own_lock(), 0, false, cc::Table::AipsrcEndian,
                        cc::TSMOption(cc::TSMOption::Cache, 0, kCacheMiB));
  cc::MeasurementSet ms(table);
  cc::TableInfo& info = ms.tableInfo();
  info.setType(cc::TableInfo::type(cc::TableInfo::MEASUREMENTSET));
  info.setSubType("");
  info.readmeAddLine("Made by " + layout_.application);
  return ms;
}

void MainTable::add_weight_spectrum(cc::MeasurementSet& ms) const {
  cc::TableDesc description;
  cc::MS::addColumnToDesc(description, cc::MS::WEIGHT_SPECTRUM, 2);
  cc::ColumnDesc& column = description.rwColumnDesc("WEIGHT_SPECTRUM");
  if (uniform_) {
    column.setShape(position({shapes_.front().ncorr, shapes_.front().nchan}), true);
  }
  const auto bind = [&](const std::string&, const cc::DataManager& manager) {
    ms.addColumn(column, manager);
  };
  bind_tiled(bind, "WEIGHT_SPECTRUM", cell_tile(sizeof(float), layout_.tile_bytes));
}

}  // namespace skymill::radio::wall
