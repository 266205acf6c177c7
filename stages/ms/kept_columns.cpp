// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/IPosition.h>
#include <casacore/casa/Containers/Record.h>
#include <casacore/tables/DataMan/IncrStManAccessor.h>
#include <casacore/tables/DataMan/StandardStManAccessor.h>
#include <casacore/tables/DataMan/TiledStManAccessor.h>
#include <stages/ms/kept_columns.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

namespace skymill::radio::wall {

namespace cc = casacore;

namespace {

/// Buckets of a storage manager's file; 0 when they are too many to keep.
cc::uInt buckets_to_keep(const cc::Table& ms, const cc::Record& manager) {
  const cc::Record spec = manager.subRecord("SPEC");
  if (!spec.isDefined("BUCKETSIZE")) return 0;
  const auto bucket = static_cast<std::uintmax_t>(spec.asuInt("BUCKETSIZE"));
  std::error_code code;
  const std::uintmax_t bytes = std::filesystem::file_size(
      std::string(ms.tableName()) + "/table.f" + std::to_string(manager.asuInt("SEQNR")), code);
  if (code || bucket == 0 || bytes > kMostKept) return 0;
  return static_cast<cc::uInt>(bytes / bucket + 1);
}

void keep_tiles(const cc::Table& ms, const cc::String& column) {
  if (ms.nrow() == 0) return;
  cc::ROTiledStManAccessor tiles(ms, column, true);
  const cc::IPosition shape = tiles.hypercubeShape(0);
  const cc::IPosition tile = tiles.tileShape(0);
  std::size_t count = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    count *= static_cast<std::size_t>((shape[axis] + tile[axis] - 1) / tile[axis]);
  }
  if (count * tiles.bucketSize(0) > kMostKept) return;
  tiles.setCacheSize(0, static_cast<cc::uInt>(count), false);
}

bool has(const cc::Record& manager, const char* column) {
  const cc::Vector<cc::String> columns = manager.asArrayString("COLUMNS");
  return std::find(columns.begin(), columns.end(), cc::String(column)) != columns.end();
}

}  // namespace

void keep_choosing_columns(const cc::Table& ms) {
  if (!ms.isRootTable()) return;
  const cc::Record managers = ms.dataManagerInfo();
  for (cc::uInt k = 0; k < managers.nfields(); ++k) {
    const cc::Record manager = managers.subRecord(k);
    const cc::String type = manager.asString("TYPE");
    const cc::String name = manager.asString("NAME");
    if (type == "StandardStMan" && has(manager, "ANTENNA1")) {
      const cc::uInt buckets = buckets_to_keep(ms, manager);
      if (buckets > 0) cc::ROStandardStManAccessor(ms, name, false).setCacheSize(buckets);
    } else if (type == "IncrementalStMan" && has(manager, "TIME")) {
      const cc::uInt buckets = buckets_to_keep(ms, manager);
      if (buckets > 0) cc::ROIncrementalStManAccessor(ms, name, false).setCacheSize(buckets);
    } else if (type.startsWith("Tiled") && has(manager, "UVW")) {
      keep_tiles(ms, "UVW");
    }
  }
}

}  // namespace skymill::radio::wall
