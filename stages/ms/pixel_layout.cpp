// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Containers/Record.h>
#include <stages/ms/pixel_layout.h>
#include <stages/ms/wall.h>

#include <filesystem>

namespace skymill::radio::wall {

namespace {

namespace cc = casacore;

std::uint64_t size_of(const std::string& file) {
  std::error_code code;
  const std::uintmax_t bytes = std::filesystem::file_size(file, code);
  return code ? 0 : bytes;
}

}  // namespace

std::optional<std::uint64_t> PixelLayout::float_plane(const cc::IPosition& start) const {
  if (!native || tile[0] != shape[0]) return std::nullopt;
  std::uint64_t before = 0;  // tiles in front of the plane's first one
  std::uint64_t stride = 1;
  for (cc::uInt axis = 1; axis < shape.size(); ++axis) {
    if (axis > 1 && tile[axis] != 1) return std::nullopt;
    before += stride * static_cast<std::uint64_t>(start[axis] / tile[axis]);
    stride *= static_cast<std::uint64_t>((shape[axis] + tile[axis] - 1) / tile[axis]);
  }
  return before * bucket_bytes;
}

std::optional<PixelLayout> pixel_layout(const cc::Table& table, const std::string& what) {
  if (table.nrow() != 1) return std::nullopt;
  const cc::Record managers = table.dataManagerInfo();
  if (managers.nfields() != 1) return std::nullopt;
  const cc::Record manager = managers.subRecord(0);
  if (manager.asString("TYPE") != "TiledCellStMan") return std::nullopt;
  const cc::Record cubes = manager.subRecord("SPEC").subRecord("HYPERCUBES");
  if (cubes.nfields() != 1) return std::nullopt;
  const cc::Record cube = cubes.subRecord(0);

  PixelLayout layout;
  layout.shape = cc::IPosition(cube.toArrayInt("CubeShape"));
  layout.tile = cc::IPosition(cube.toArrayInt("TileShape"));
  layout.bucket_bytes = static_cast<std::uint64_t>(cube.asInt("BucketSize"));
  layout.native = (table.endianFormat() == cc::Table::LittleEndian) ==
                  (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  layout.file = std::string(table.tableName()) + "/table.f" +
                std::to_string(manager.asuInt("SEQNR")) + "_TSM0";
  layout.file_bytes = layout.bucket_bytes;
  for (cc::uInt axis = 0; axis < layout.shape.size(); ++axis) {
    layout.file_bytes *= static_cast<std::uint64_t>((layout.shape[axis] + layout.tile[axis] - 1) /
                                                    layout.tile[axis]);
  }
  const std::uint64_t present = size_of(layout.file);
  if (present < layout.file_bytes) {
    throw Error(ErrorKind::input,
                what + " is cut short: '" + layout.file + "' has " + std::to_string(present) +
                    " of " + std::to_string(layout.file_bytes) + " bytes",
                kDamagedHint);
  }
  return layout;
}

}  // namespace skymill::radio::wall
