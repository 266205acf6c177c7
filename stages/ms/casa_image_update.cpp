// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/images/Regions/ImageRegion.h>
#include <casacore/images/Regions/RegionHandlerTable.h>
#include <casacore/lattices/LRegions/LCBox.h>
#include <casacore/lattices/LRegions/LCPagedMask.h>
#include <casacore/lattices/Lattices/TiledShape.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/casa_image_update.h>
#include <stages/ms/wall.h>

namespace skymill::radio {

namespace cc = casacore;

namespace {

/// The name of the spectral coordinate in a record of coordinates, and that of the pixel axes that
/// belong to it; empty when there is none.
struct SpectralField {
  std::string name;
  cc::Vector<cc::Int> pixel_axes;
};

SpectralField spectral_field(const cc::TableRecord& coordinates) {
  for (cc::uInt k = 0; k < coordinates.nfields(); ++k) {
    const cc::String name = coordinates.name(static_cast<cc::Int>(k));
    if (!name.startsWith("spectral")) continue;
    const std::string number = name.substr(std::string("spectral").size());
    return {name, cc::Vector<cc::Int>(coordinates.toArrayInt("pixelmap" + number))};
  }
  return {};
}

cc::Table& table_of(void* table, cc::Bool) { return *static_cast<cc::Table*>(table); }

}  // namespace

struct CasaImageUpdate::Impl {
  std::string path;
  cc::Table table;
  std::unique_ptr<cc::LCPagedMask> mask;

  ~Impl() {
    const wall::TablesLock lock;
    mask.reset();
    table = cc::Table();
  }

  template <class F>
  void step(const std::string& doing, F&& work) {
    wall::guarded_write("cannot " + doing + " the image '" + path + "'", path, work);
  }

  void open() {
    table = cc::Table(path, wall::own_lock(), cc::Table::Update,
                      cc::TSMOption(cc::TSMOption::Cache, 0, -1));
  }

  void take_coordinates(const std::string& from) {
    const cc::Table source = wall::open_input(from, "the image");
    cc::TableRecord taken = source.keywordSet().subRecord("coords");
    const cc::TableRecord own = table.keywordSet().subRecord("coords");
    const SpectralField theirs = spectral_field(taken);
    const SpectralField ours = spectral_field(own);
    if (theirs.name.empty() || theirs.pixel_axes.size() != 1 || theirs.pixel_axes[0] != 3) {
      throw Error(ErrorKind::input,
                  "the axes of the image '" + from + "' are not RA, Dec, Stokes, frequency",
                  "reorder its axes first, or join it with mode: virtual");
    }
    cc::TableRecord spectral = own.subRecord(ours.name);
    const cc::TableRecord before = taken.subRecord(theirs.name);
    for (const char* const shown :
         {"conversion", "velType", "velUnit", "waveUnit", "formatUnit", "restfreqs", "name"}) {
      if (!before.isDefined(shown)) continue;
      if (spectral.isDefined(shown)) spectral.removeField(shown);
      spectral.mergeField(before, shown, cc::RecordInterface::OverwriteDuplicates);
    }
    taken.defineRecord(theirs.name, spectral);
    table.rwKeywordSet().defineRecord("coords", taken);
  }

  /// As PagedImage::makeMask, which would need casacore's table of observatories.
  void make_mask() {
    const cc::IPosition shape = cc::ArrayColumn<float>(table, "map").shape(0);
    cc::IPosition tile = shape;
    for (cc::uInt axis = 2; axis < tile.size(); ++axis) tile[axis] = 1;
    mask = std::make_unique<cc::LCPagedMask>(cc::TiledShape(shape, tile), path + "/mask0");
    mask->set(true);
    cc::RegionHandlerTable handler(table_of, &table);
    handler.defineRegion("mask0", cc::ImageRegion(*mask), cc::RegionHandler::Masks);
    handler.setDefaultMask("mask0");
  }

  void put_mask(std::size_t chan, const std::uint8_t* good) {
    if (!mask) {
      const wall::TablesLock lock;
      make_mask();
    }
    const cc::IPosition shape = mask->shape();
    cc::IPosition plane(shape.size(), 1);
    plane[0] = shape[0];
    plane[1] = shape[1];
    static_assert(sizeof(bool) == sizeof(std::uint8_t), "the mask is written as it is");
    const cc::Array<bool> values(plane, const_cast<bool*>(reinterpret_cast<const bool*>(good)),
                                 cc::SHARE);
    cc::IPosition start(shape.size(), 0);
    start[3] = static_cast<ssize_t>(chan);
    mask->putSlice(values, start);
  }
};

CasaImageUpdate::CasaImageUpdate(const Lane::Token&, const std::string& path)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  const wall::TablesLock lock;
  impl_->step("open", [&] { impl_->open(); });
}

CasaImageUpdate::~CasaImageUpdate() = default;
CasaImageUpdate::CasaImageUpdate(CasaImageUpdate&&) noexcept = default;
CasaImageUpdate& CasaImageUpdate::operator=(CasaImageUpdate&&) noexcept = default;

void CasaImageUpdate::take_coordinates(const Lane::Token&, const std::string& from) {
  const wall::TablesLock lock;
  impl_->step("write the coordinates of", [&] { impl_->take_coordinates(from); });
}

void CasaImageUpdate::put_mask(const Lane::Token&, std::size_t chan, const std::uint8_t* mask) {
  impl_->step("write the mask of channel " + std::to_string(chan) + " of",
              [&] { impl_->put_mask(chan, mask); });
}

void CasaImageUpdate::finish(const Lane::Token&) {
  const wall::TablesLock lock;
  impl_->step("finish", [&] {
    if (impl_->mask) impl_->mask->flush();
    impl_->mask.reset();
    impl_->table.flush(true);
    impl_->table = cc::Table();
  });
}

}  // namespace skymill::radio
